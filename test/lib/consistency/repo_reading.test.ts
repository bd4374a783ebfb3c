// The tip, and what somebody is editing on top of it: edits are seen and told, never taken for the tip, and a checkout
// that merely looks different (line endings, links, pipes) is no edit.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { taskCounts, workplanCounts } from "../../../lib/consistency/reading_counts.ts";
import { type RepoReading, readRepo } from "../../../lib/consistency/repo_reading.ts";
import { checkoutAt, defaultTip } from "../../../lib/git/checkout.ts";
import { run } from "../../../lib/process/run.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub } from "../../support/hub.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;

const sound = (status = "active") =>
  workplanText({ id: "R-WP-0001", status, tasks: [{ id: "R-WP-0001-T01" }, { id: "R-WP-0001-T02" }] });
const fresh = () =>
  makeRepo(folder.path, `repo-${++scene}`, { "workplans/R-WP-0001.md": sound(), "workplans/note.md": "A note.\n" });

async function read(repo: TestRepo): Promise<RepoReading> {
  const checkout = checkoutAt(repo.path);
  const tip = checkout && (await defaultTip(checkout));
  if (!checkout || !tip) throw new Error(`nothing to read in ${repo.path}`);
  return readRepo(checkout, tip);
}

/** "path state", or "path -" for what was removed or is no workplan. */
const edits = ({ uncommitted }: RepoReading) =>
  uncommitted.map(({ path, reading }) => `${path} ${reading?.state ?? "-"}`);
const statusOf = ({ files }: RepoReading) =>
  files.map(({ reading }) => reading.state === "parsed" && reading.workplan.status);

describe("readRepo()", () => {
  test("counts what it found, and sees no edit in a clean checkout", async () => {
    const repo = await fresh();
    const reading = await read(repo);
    expect(workplanCounts(reading)).toEqual({ found: 1, parsed: 1, failed: 0, ignored: 1 });
    expect(taskCounts(reading)).toEqual({ found: 2, parsed: 2, failed: 0 });
    expect(edits(reading)).toEqual([]);
  });

  const changes: [string, (repo: TestRepo) => unknown, string[]][] = [
    ["an edit", (repo) => repo.edit({ "workplans/R-WP-0001.md": sound("blocked") }), ["workplans/R-WP-0001.md parsed"]],
    ["a broken edit", (repo) => repo.edit({ "workplans/R-WP-0001.md": "---\nx" }), ["workplans/R-WP-0001.md failed"]],
    ["a new workplan", (repo) => repo.edit({ "workplans/new.md": sound() }), ["workplans/new.md parsed"]],
    ["a removed one", (repo) => repo.edit({ "workplans/R-WP-0001.md": null }), ["workplans/R-WP-0001.md -"]],
    ["an edited note", (repo) => repo.edit({ "workplans/note.md": "Another.\n" }), ["workplans/note.md -"]],
    ["nothing in what is no workplan", (repo) => repo.edit({ "workplans/README.md": "x", "other.md": "x" }), []],
    [
      "a folder in a file's place",
      (repo) => {
        repo.edit({ "workplans/R-WP-0001.md": null });
        mkdirSync(join(repo.path, "workplans/R-WP-0001.md"));
      },
      ["workplans/R-WP-0001.md -"],
    ],
    [
      "a link in a file's place, without following it",
      (repo) => {
        repo.edit({ "workplans/R-WP-0001.md": null });
        symlinkSync("/etc/passwd", join(repo.path, "workplans/R-WP-0001.md"));
      },
      ["workplans/R-WP-0001.md failed"],
    ],
    [
      "a pipe, without waiting for it",
      (repo) =>
        run(["mkfifo", join(repo.path, "workplans/pipe.md")], { env: environmentForPrograms(), deadlineMs: 10_000 }),
      ["workplans/pipe.md failed"],
    ],
    [
      "the whole folder gone",
      (repo) => rmSync(join(repo.path, "workplans"), { recursive: true }),
      ["workplans/R-WP-0001.md -", "workplans/note.md -"],
    ],
  ];
  for (const [what, change, wanted] of changes) {
    test(`sees ${what} in the work tree, and reads the tip all the same`, async () => {
      const repo = await fresh();
      await change(repo);
      const reading = await read(repo);
      expect(edits(reading)).toEqual(wanted);
      expect(statusOf(reading)).toEqual(["active"]);
    });
  }

  test("takes a checkout with CRLF for the LF blob that it is, and an edit in it for an edit", async () => {
    const repo = await fresh();
    await repo.git("config", "core.autocrlf", "true");
    repo.edit({ "workplans/R-WP-0001.md": null });
    await repo.git("checkout", "--quiet", "--", ".");
    expect(readFileSync(join(repo.path, "workplans/R-WP-0001.md"), "utf8")).toContain("\r\n");
    expect((await repo.git("status", "--porcelain")).trim()).toBe("");
    expect(edits(await read(repo))).toEqual([]);
    repo.edit({ "workplans/R-WP-0001.md": sound("blocked").replaceAll("\n", "\r\n") });
    expect(edits(await read(repo))).toEqual(["workplans/R-WP-0001.md parsed"]);
  });

  test("reads a repository without workplans, and one whose folder is empty of them", async () => {
    const bare = await makeRepo(folder.path, `repo-${++scene}`, { "a.txt": "a" });
    expect(workplanCounts(await read(bare))).toEqual({ found: 0, parsed: 0, failed: 0, ignored: 0 });
    await bare.commit({ "workplans/README.md": "# Index\n", "workplans/picture.png": "x" });
    expect(workplanCounts(await read(bare))).toEqual({ found: 0, parsed: 0, failed: 0, ignored: 0 });
  });
});

describe("an edit that is not committed", () => {
  test("is checked and told in the run's report, but neither applied nor kept", async () => {
    const hub = await freshHub();
    try {
      const repo = await fresh();
      await hub.check({ path: repo.path });
      repo.edit({
        "workplans/R-WP-0001.md": sound("finished").replace("priority: medium", "priority: sometime"),
        "workplans/R-WP-0002.md": workplanText({ id: "R-WP-0002" }),
      });
      const { report, remarks } = await hub.check({ path: repo.path });
      expect(report.assessment_failures).toMatchObject([
        { check: "C-18", message: expect.stringContaining("(edit not committed)"), first_seen: null },
      ]);
      expect(remarks).toEqual([expect.stringContaining("2 uncommitted edits were checked but not applied")]);
      const rows = await hub.database.sql`select workplan_id, status from workstreams`;
      expect([...rows]).toEqual([{ workplan_id: "R-WP-0001", status: "active" }]);
      expect((await hub.database.sql`select 1 from findings`).length).toBe(0);
      await repo.git("checkout", "--quiet", "--", ".");
      rmSync(join(repo.path, "workplans/R-WP-0002.md"));
      expect((await hub.check({ path: repo.path })).report).toMatchObject({ assessment_failures: [], exit_code: 0 });
    } finally {
      await hub.close();
    }
  });
});
