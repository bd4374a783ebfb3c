// C-06: a repository that cannot be read is told, and its rows keep their values; one that is only gone is not it.
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { freshHub } from "../../../support/hub.ts";

describe("repoUnusable", () => {
  test("tells of a branch that names no commit, keeps the rows, and is silent about the twin that is sound", async () => {
    const hub = await freshHub();
    const folder = temporaryFolder();
    try {
      const files = (id: string) => ({ [`workplans/${id}.md`]: workplanText({ id }) });
      const broken = await makeRepo(folder.path, "broken", files("CF-WP-0001"));
      const sound = await makeRepo(folder.path, "sound", files("CF-WP-0002"));
      for (const { path } of [broken, sound]) expect((await hub.check({ path })).report.exit_code).toBe(0);
      const head = join(broken.path, ".git/refs/heads/main");
      const tip = await Bun.file(head).text();
      rmSync(head);
      const { report } = await hub.check({ all: true });
      expect(report.assessment_failures).toMatchObject([
        { check: "C-06", severity: "error", repo: "broken", path: null, line: null, column: null, subject: "broken" },
      ]);
      expect(report).toMatchObject({ automation_error: null, exit_code: 1, skipped_clean: ["sound"] });
      expect([...(await hub.database.sql`select orphaned_at, missing_since from workstreams`)]).toEqual([
        { orphaned_at: null, missing_since: null },
        { orphaned_at: null, missing_since: null },
      ]);
      writeFileSync(head, tip);
      expect((await hub.check({ all: true })).report).toMatchObject({ assessment_failures: [], exit_code: 0 });
    } finally {
      await hub.close();
      folder.remove();
    }
  });

  test("quotes the path in what it tells people to type", async () => {
    const hub = await freshHub();
    const folder = temporaryFolder();
    try {
      const { path } = await makeRepo(folder.path, "it's $& $(here)", { "README.md": "Nothing.\n" });
      await hub.check({ path });
      rmSync(join(path, ".git/refs/heads/main"));
      const [found] = (await hub.check({ all: true })).report.assessment_failures;
      expect(found?.hint).toStartWith(`git -C '${folder.path}/it'\\''s $& $(here)' status; `);
    } finally {
      await hub.close();
      folder.remove();
    }
  });
});
