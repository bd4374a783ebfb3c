// Repositories that lie in their trees, name programs in their configuration, or lack what they promise: each is a finding
// of its own, nothing that it names is started, and nothing is fetched for it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepo, openRepo, type TestRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { commitEntries, commitRawTree, runScript, treeEntry, writeObject } from "../support/hostile_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
const marker = join(folder.path, "somebody-ran-it");
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** A run over one repository, and what it says of it: everything but success is a finding or a C-00 of that repository. */
async function findingsOf(repo: TestRepo): Promise<string[]> {
  const { report } = await hub.check({ path: repo.path }, { full: true });
  expect(report.automation_error).toBeNull();
  return report.assessment_failures.map(({ check, severity, observed }) => `${check} ${severity} ${observed}`);
}

describe("a folder that lies", () => {
  test("is unknown, not empty: a folder that is a file, a name that stands twice, bytes that are no tree", async () => {
    const repo = await makeRepo(folder.path, "liar", {
      "workplans/LIAR-WP-0001.md": workplanText({ id: "LIAR-WP-0001" }),
    });
    expect(await findingsOf(repo)).toEqual([]);
    // Read as a folder, no bytes are a folder without files.
    const blob = await writeObject(repo, "blob", "");
    const lies = [
      treeEntry("40000", "inner", blob),
      Buffer.concat([treeEntry("100644", "a.md", blob), treeEntry("100644", "a.md", blob)]),
      Buffer.from("100644 cut-off"),
      treeEntry("40000", "gone", "0".repeat(39).concat("1")),
    ];
    for (const lie of lies) {
      await commitRawTree(repo, lie);
      const told = await findingsOf(repo);
      expect(told).toEqual([expect.stringMatching(/^C-06 error .*folder workplans/)]);
    }
    const [row] = await hub.database
      .sql`select missing_since, orphaned_at from workstreams where workplan_id = 'LIAR-WP-0001'`;
    expect({ ...row }).toEqual({ missing_since: null, orphaned_at: null });
  });

  test("with a path longer than the hub can index is one repository's finding", async () => {
    const repo = await makeRepo(folder.path, "endless", { "a.txt": "a" });
    const long = Array.from({ length: 12 }, () => crypto.randomUUID().repeat(6)).join("/");
    await commitEntries(repo, [{ path: `workplans/${long}/x.md`, content: workplanText({ id: "DEEP-WP-0001" }) }], {
      checkOut: false,
    });
    expect(await findingsOf(repo)).toEqual([expect.stringMatching(/^C-06 error .*a path of \d+ bytes/)]);
  });

  test("that is a symlink is not followed", async () => {
    const repo = await makeRepo(folder.path, "linked-folder", {
      "elsewhere/X-WP-0001.md": workplanText({ id: "X-WP-0001" }),
    });
    await commitEntries(repo, [{ path: "workplans", content: "elsewhere", mode: "120000" }], { checkOut: true });
    expect(await findingsOf(repo)).toEqual(["C-23 error null"]);
  });

  test("that names itself as deep as it likes is refused", async () => {
    const repo = await makeRepo(folder.path, "deep", { "a.txt": "a" });
    let inner = treeEntry("100644", "x.md", await writeObject(repo, "blob", "deep"));
    for (let depth = 0; depth < 40; depth++) inner = treeEntry("40000", "d", await writeObject(repo, "tree", inner));
    await commitRawTree(repo, inner);
    expect(await findingsOf(repo)).toEqual([expect.stringMatching(/^C-06 error .*too many files or folders/)]);
  });
});

describe("a text without end in a reference", () => {
  test("is a finding of its file, and the next repository's findings are stored all the same", async () => {
    const endless = Array.from({ length: 200 }, () => crypto.randomUUID()).join("");
    const repo = await makeRepo(folder.path, "endless-reference", {
      "workplans/REF-WP-0001.md": workplanText({ id: "REF-WP-0001", extra: [`follow_up_workplan: ${endless}`] }),
    });
    expect(await findingsOf(repo)).toEqual([`C-19 warning ${endless}`]);
  });
});

describe("a blob of 200 MB", () => {
  test("is told by its size and never read: memory stays as it was", async () => {
    const repo = await makeRepo(folder.path, "huge", {
      "workplans/HUGE-WP-0001.md": workplanText({ id: "HUGE-WP-0001" }),
    });
    const small = await runScript(hub.url, ["--repo", repo.path, "--no-strict"]);
    const bytes = 200 * 1024 * 1024;
    const huge = join(repo.path, "workplans/huge.md");
    // A hole, so that neither this process nor the disk has to hold it.
    writeFileSync(huge, "");
    truncateSync(huge, bytes);
    await repo.git("-c", "core.bigFileThreshold=1m", "-c", "core.compression=1", "add", "--all");
    await repo.git("commit", "--quiet", "-m", "A large file");
    const large = await runScript(hub.url, ["--repo", repo.path, "--json"]);
    const document = JSON.parse(large.out) as {
      assessment_failures: { check: string; path: string; observed: string }[];
    };
    expect(document.assessment_failures).toEqual([
      expect.objectContaining({ check: "C-23", path: "workplans/huge.md", observed: `${bytes} bytes` }),
    ]);
    expect(large.maxRss).toBeLessThan(small.maxRss + 60 * 1024 * 1024);
  });
});

describe("a repository's configuration", () => {
  test("runs nothing, whatever program it names", async () => {
    const repo = await makeRepo(folder.path, "configured", {
      "workplans/CONF-WP-0001.md": workplanText({ id: "CONF-WP-0001" }),
      ".gitattributes": "*.md filter=evil diff=evil merge=evil\n",
    });
    const touch = `touch ${marker};:`;
    const programs: Record<string, string> = {
      "core.fsmonitor": touch,
      "core.sshCommand": touch,
      "core.pager": touch,
      "core.editor": touch,
      "core.askPass": touch,
      "core.gitProxy": touch,
      "core.alternateRefsCommand": touch,
      "core.hooksPath": join(repo.path, "hooks"),
      "filter.evil.process": touch,
      "filter.evil.clean": touch,
      "filter.evil.smudge": touch,
      "filter.evil.required": "true",
      "diff.evil.textconv": touch,
      "diff.external": touch,
      "merge.evil.driver": touch,
      "alias.cat-file": `!${touch}`,
      "alias.rev-list": `!${touch}`,
      "credential.helper": `!${touch}`,
      "gpg.program": touch,
      "pager.cat-file": touch,
      "pager.rev-list": touch,
      "uploadpack.packObjectsHook": touch,
      "remote.origin.url": `ext::sh -c touch% ${marker}`,
      "remote.origin.uploadpack": touch,
      "remote.origin.vcs": "evil",
      "protocol.allow": "always",
      "include.path": join(repo.path, "included"),
    };
    for (const [key, value] of Object.entries(programs)) await repo.git("config", key, value);
    repo.edit({
      included: `[core]\n\tfsmonitor = ${touch}\n`,
      "workplans/new.md": workplanText({ id: "CONF-WP-0002" }),
    });
    for (const hook of ["post-checkout", "reference-transaction", "post-index-change", "pre-commit"]) {
      repo.edit({ [`hooks/${hook}`]: `#!/bin/sh\n${touch}\n` });
      chmodSync(join(repo.path, "hooks", hook), 0o755);
    }
    const ran = await runScript(hub.url, ["--repo", repo.path, "--json", "--no-strict"]);
    expect(ran.code).toBe(0);
    expect((JSON.parse(ran.out) as { repos_processed: unknown[] }).repos_processed).toEqual([
      expect.objectContaining({ workplans: { found: 1, parsed: 1, failed: 0, ignored: 0 } }),
    ]);
    expect(existsSync(marker)).toBe(false);
  });

  test("and an inherited environment steer nothing", async () => {
    const files = { "workplans/ENV-WP-0001.md": workplanText({ id: "ENV-WP-0001" }) };
    const repo = await makeRepo(folder.path, "environment", files);
    const decoy = await makeRepo(folder.path, "decoy", {});
    const ran = await runScript(hub.url, ["--repo", repo.path, "--json"], {
      GIT_DIR: join(decoy.path, ".git"),
      GIT_WORK_TREE: decoy.path,
      GIT_OBJECT_DIRECTORY: join(decoy.path, ".git/objects"),
      GIT_INDEX_FILE: join(decoy.path, ".git/index"),
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.fsmonitor",
      GIT_CONFIG_VALUE_0: `touch ${marker};:`,
      GIT_CONFIG_PARAMETERS: `'core.pager'='touch ${marker}'`,
      GIT_EXTERNAL_DIFF: `touch ${marker}`,
      GIT_SSH_COMMAND: `touch ${marker}`,
      GIT_TRACE: join(folder.path, "trace"),
    });
    expect(ran.code).toBe(0);
    expect((JSON.parse(ran.out) as { repos_processed: unknown[] }).repos_processed).toEqual([
      expect.objectContaining({ slug: "environment", head: (await repo.git("rev-parse", "HEAD")).trim() }),
    ]);
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(join(folder.path, "trace"))).toBe(false);
  });
});

describe("a partial clone", () => {
  test("is told what is missing, and nothing is fetched for it", async () => {
    const origin = await makeRepo(folder.path, "whole", {
      "workplans/PART-WP-0001.md": workplanText({ id: "PART-WP-0001" }),
    });
    await origin.git("config", "uploadpack.allowFilter", "true");
    const path = join(folder.path, "partial");
    await origin.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", `file://${origin.path}`, path);
    const partial = openRepo(path);
    await partial.git("config", "remote.origin.uploadpack", `touch ${marker}; git-upload-pack`);
    const objects = await partial.git("count-objects", "-v");
    const told = await findingsOf(partial);
    expect(told.filter((each) => each.startsWith("C-01 error") || each.startsWith("C-06 error"))).toHaveLength(1);
    expect(await partial.git("count-objects", "-v")).toBe(objects);
    expect(existsSync(marker)).toBe(false);
  });
});
