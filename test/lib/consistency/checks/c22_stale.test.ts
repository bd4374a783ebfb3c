// C-22: an active workplan that nobody moved for 30 days, and a repository that nobody could read for 2 hours.
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { makeRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { freshHub } from "../../../support/hub.ts";
import { play } from "./scene.ts";

const DAY_MS = 86_400_000;
const STARTED = Date.now();

function daysAgo(days: number): string {
  return new Date(STARTED - days * DAY_MS).toISOString().slice(0, 10);
}

function updated(id: string, days: number, more: { status?: string; completed?: string } = {}) {
  const { status = "active", completed } = more;
  const tasks = completed === undefined ? [] : [{ id: `${id}-T01`, status: "done", completed }, { id: `${id}-T02` }];
  const text = workplanText({ id, status, tasks }).replace(/updated: ".*"/, `updated: "${daysAgo(days)}"`);
  return { [`workplans/${id}.md`]: text };
}

function told(id: string) {
  return {
    check: "C-22",
    severity: "warning",
    path: `workplans/${id}.md`,
    line: 1,
    column: 1,
    subject: id,
  } as const;
}

describe("stale", () => {
  // 29 and 32 days, not 30 and 31: midnight may pass between the test's clock and the database's.
  test("tells of an active workplan 32 days old, not of one of 29, of one that is blocked, nor of one whose task moved", async () => {
    const judged = await play({
      files: {
        ...updated("CU-WP-0001", 32),
        ...updated("CU-WP-0002", 29),
        ...updated("CU-WP-0003", 32, { status: "blocked" }),
        ...updated("CU-WP-0004", 32, { completed: daysAgo(29) }),
        ...updated("CU-WP-0005", 33, { completed: daysAgo(32) }),
      },
    });
    expect(judged.told).toEqual([told("CU-WP-0001"), told("CU-WP-0005")]);
    expect(judged.findings.map(({ observed }) => observed)).toEqual(Array(2).fill(`last movement ${daysAgo(32)}`));
    expect(new Set(judged.findings.map(({ hint }) => hint))).toEqual(
      new Set(["Move it on, or set status: blocked or archived"]),
    );
    expect(judged.exitCode).toBe(0);
  });

  test("falls silent when the status moves, although the file's own date stays", async () => {
    const judged = await play({
      files: updated("CU-WP-0006", 32, { status: "blocked" }),
      change: ({ repo }) => repo.commit(updated("CU-WP-0006", 32)),
    });
    expect(judged.told).toEqual([]);
  });

  test("tells of a repository that was missing for more than 2 hours, and not of one missing for less", async () => {
    const hub = await freshHub();
    const folder = temporaryFolder();
    try {
      for (const slug of ["there", "long", "short"]) {
        await hub.check({ path: (await makeRepo(folder.path, slug, { "README.md": `${slug}\n` })).path });
        if (slug !== "there") rmSync(`${folder.path}/${slug}`, { recursive: true });
      }
      expect((await hub.check({ all: true })).report.assessment_failures).toEqual([]);
      await hub.database.sql`
        update repos set missing_since = now() - case slug when 'long' then interval '121 min' else interval '119 min' end
        where missing_since is not null`;
      const { report } = await hub.check({ all: true });
      expect(report.skipped_missing).toEqual(["long", "short"]);
      expect(report.assessment_failures).toMatchObject([
        { check: "C-22", severity: "warning", repo: "long", path: null, line: null, column: null, subject: "long" },
      ]);
      expect(report.assessment_failures[0]?.hint).toEndWith("scripts/state_hub.ts repo remove long");
      expect(report.exit_code).toBe(0);
    } finally {
      await hub.close();
      folder.remove();
    }
  });
});
