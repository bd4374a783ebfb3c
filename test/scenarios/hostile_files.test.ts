// What anybody may push, through the whole program: each bad file is told with its place, every other file goes on, and
// nothing that a file holds is run or followed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { commitEntries, type HostileEntry, runScript } from "../support/hostile_repo.ts";
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

let next = 0;
/** A sound plan with a title, an id of its own, and lines that replace others. */
function plan(replace: Readonly<Record<string, string>> = {}, tasks: readonly string[] = []): string {
  const id = `BAD-WP-${String(++next).padStart(4, "0")}`;
  const text = workplanText({ id, tasks: tasks.map((task) => ({ id: `${id}-${task}` })) });
  return Object.entries(replace).reduce(
    (sofar, [key, line]) => sofar.replace(new RegExp(`^${key}: .*$`, "m"), () => `${key}: ${line}`),
    text,
  );
}

/** Front matter in a language that some readers would run, below `opening`. */
function inLanguage(opening: string): string {
  return `${opening}\n({ id: require("fs").writeFileSync(${JSON.stringify(marker)}, "") })\n---\n\n# Text\n`;
}

interface BadFile extends HostileEntry {
  readonly path: string;
  /** "C-01 1:1", the first finding that it must have. */
  readonly told: string;
}

const LANGUAGES = [
  "js",
  "javascript",
  "JS",
  "json",
  "toml",
  "coffee",
  "coffeescript",
  "cson",
  "yaml",
  " js",
  "\tjs",
  "--",
  "more",
];

const BAD: readonly BadFile[] = [
  ...LANGUAGES.map((word, at) => ({
    path: `workplans/language-${at}.md`,
    content: inLanguage(`---${word}`),
    told: "C-01 1:1",
  })),
  { path: "workplans/language-bom.md", content: `\ufeff${inLanguage("---js")}`, told: "C-01 1:1" },
  { path: "workplans/language-crlf.md", content: inLanguage("---js").replaceAll("\n", "\r\n"), told: "C-01 1:1" },
  { path: "workplans/--help.md", content: plan({ status: "maybe" }), told: "C-03 7:9" },
  {
    path: `workplans/$(touch ${marker.replaceAll("/", "_")}).md`,
    content: plan({ status: "maybe" }),
    told: "C-03 7:9",
  },
  { path: "workplans/`touch x`;|&.md", content: plan({ status: "maybe" }), told: "C-03 7:9" },
  { path: "workplans/two\nlines.md", content: plan({ status: "maybe" }), told: "C-03 7:9" },
  { path: "workplans/\u001b[2J\u001b[1;31mhidden\u202e.md", content: plan({ status: "maybe" }), told: "C-03 7:9" },
  { path: "workplans/passwd.md", content: "/etc/passwd", mode: "120000", told: "C-23 1:1" },
  { path: "workplans/dangling.md", content: "nowhere", mode: "120000", told: "C-23 1:1" },
  { path: "workplans/nul.md", content: "---\nid: \0\n---\n", told: "C-01 2:5" },
  { path: "workplans/utf16.md", content: Buffer.from("\ufeff---\nid: A\n---\n", "utf16le"), told: "C-01 1:1" },
  { path: "workplans/latin1.md", content: Buffer.from("---\ntitle: caf\xe9\n---\n", "latin1"), told: "C-01 2:11" },
  { path: "workplans/lone-cr.md", content: "---\rid: A\r---\r", told: "C-01 1:4" },
  { path: "workplans/tabs.md", content: "---\nid:\n\t- A\n---\n", told: "C-01 3:1" },
  { path: "workplans/anchor.md", content: plan({ owner: "&a somebody" }), told: "C-01 8:11" },
  { path: "workplans/alias.md", content: plan({ owner: "*a" }), told: "C-01 8:8" },
  { path: "workplans/tag.md", content: plan({ owner: "!!js/function 'function () {}'" }), told: "C-01 8:22" },
  { path: "workplans/merge.md", content: plan({ owner: "somebody\n<<: {a: b}" }), told: "C-01 9:1" },
  { path: "workplans/twice.md", content: plan({ owner: "somebody\nowner: another" }), told: "C-01 9:1" },
  {
    path: "workplans/many-keys.md",
    content: `---\n${Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join("\n")}\n---\n`,
    told: "C-23 2:1",
  },
  {
    path: "workplans/some-keys.md",
    content: `---\n${Array.from({ length: 6_000 }, (_, n) => `k${n}: 1`).join("\n")}\n---\n`,
    told: "C-23 502:1",
  },
  { path: "workplans/two-matters.md", content: `${plan().split("\n\n#")[0]}\n---\nid: X\n---\n`, told: "C-03 13:1" },
  {
    path: "workplans/conflict.md",
    content: `${plan()}\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs\n`,
    told: "C-01 16:1",
  },
  { path: "workplans/nul-escape.md", content: plan({ title: '"a\\0b"' }), told: "C-01 4:8" },
  { path: "workplans/surrogate-escape.md", content: plan({ title: '"a\\ud800b"' }), told: "C-01 4:8" },
  { path: "workplans/february.md", content: plan({ created: "2026-02-30" }), told: "C-03 10:10" },
  { path: "workplans/blanks.md", content: `---\n${" ".repeat(60_000)}\n---\n`, told: "C-01 2:1" },
  { path: "workplans/brackets.md", content: `---\nid: ${"[".repeat(30_000)}\n---\n`, told: "C-23 2:1" },
  { path: "workplans/too-large.md", content: "x".repeat(1024 * 1024 + 1), told: "C-23 1:1" },
];

// Beside the bad: what must go on as if they were not there.
const SOUND: readonly HostileEntry[] = [
  {
    path: "workplans/x.md/GOOD-WP-0002.md",
    content: workplanText({ id: "GOOD-WP-0002", tasks: [{ id: "GOOD-WP-0002-T01" }] }),
  },
  {
    path: "workplans/GOOD-WP-0003-crlf-and-bom.md",
    content: `\ufeff${workplanText({ id: "GOOD-WP-0003", tasks: [{ id: "GOOD-WP-0003-T01" }] }).replaceAll("\n", "\r\n")}`,
  },
  {
    path: "workplans/GOOD-WP-0004.md",
    content: workplanText({ id: "GOOD-WP-0004" }).replace(/^title: .*$/m, `title: ${"long ".repeat(10_000)}title`),
  },
  { path: Buffer.from("workplans/GOOD-WP-0005-caf\xe9.md", "latin1"), content: workplanText({ id: "GOOD-WP-0005" }) },
  { path: Buffer.from("workplans/GOOD-WP-0006-caf\xe8.md", "latin1"), content: workplanText({ id: "GOOD-WP-0006" }) },
  { path: "workplans/empty.md", content: "" },
  { path: "workplans/submodule.md", content: "0123456789012345678901234567890123456789", mode: "160000" },
];

describe("a repository full of hostile files", () => {
  let repo: TestRepo;
  let result: FleetResult;
  beforeAll(async () => {
    const good = workplanText({ id: "GOOD-WP-0001", tasks: [{ id: "GOOD-WP-0001-T01" }] });
    repo = await makeRepo(folder.path, "hostile", { "workplans/GOOD-WP-0001.md": good });
    await commitEntries(repo, [...BAD, ...SOUND], { checkOut: true });
    // Under the name that the script, run below, has for this machine.
    result = await hub.check({ path: repo.path }, { host: hostname() });
  });

  test("is reconciled where it is sound, and every file is accounted for", async () => {
    expect(result.report.automation_error).toBeNull();
    expect(result.report.repos_processed[0]).toMatchObject({
      workplans: { found: BAD.length + 6, parsed: 6, failed: BAD.length, ignored: 1 },
      tasks: { found: 3, parsed: 3, failed: 0 },
      actions: { created: 9, pending_writeback: 9 },
    });
    expect(result.report.exit_code).toBe(1);
    const rows = await hub.database.sql<{ workplan_id: string; path: string }[]>`
      select w.workplan_id, w.path from workstreams w join repos r on r.id = w.repo_id where r.slug = 'hostile' order by 1`;
    expect(rows.map(({ workplan_id }) => workplan_id)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `GOOD-WP-000${n}`));
    expect(rows.slice(4).map(({ path }) => path)).toEqual([
      "workplans/GOOD-WP-0005-caf\\xe9.md",
      "workplans/GOOD-WP-0006-caf\\xe8.md",
    ]);
  });

  for (const { path, told } of BAD) {
    test(`tells ${JSON.stringify(path)} with its place`, () => {
      const findings = result.report.assessment_failures.filter((finding) => finding.path === path);
      expect(findings.map(({ check, line, column }) => `${check} ${line}:${column}`)).toContain(told);
      expect(findings.every(({ severity, hint }) => severity === "error" && !!hint)).toBe(true);
    });
  }

  test("takes nothing that was checked out as it was committed for an edit", () => {
    expect(result.report.assessment_failures.filter(({ message }) => message.includes("not committed"))).toEqual([]);
    expect(result.remarks).toEqual([]);
  });

  test("prints names as escapes in the table and exactly in JSON", async () => {
    const people = await runScript(hub.url, ["--repo", repo.path, "--full", "--no-strict"]);
    expect(people.code).toBe(0);
    expect(people.out).toContain("hostile:workplans/\\x1b[2J");
    expect(`${people.out}${people.err}`).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    const machine = await runScript(hub.url, ["--repo", repo.path, "--full", "--json"]);
    expect(machine.code).toBe(1);
    const document = JSON.parse(machine.out) as { assessment_failures: { path: string }[] };
    const paths = new Set(document.assessment_failures.map(({ path }) => path));
    expect(BAD.filter(({ path }) => !paths.has(path))).toEqual([]);
  });

  test("runs and follows nothing", () => {
    expect(existsSync(marker)).toBe(false);
    expect(JSON.stringify(result.report)).not.toContain("root:x:0");
  });
});
