// C-10: somebody changed in the hub what only the file may say. The file's value returns, the other is kept and told.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

const files = {
  "workplans/CJ-WP-0001.md": workplanText({ id: "CJ-WP-0001" }),
  "workplans/CJ-WP-0002.md": workplanText({ id: "CJ-WP-0002" }),
};
const told = {
  check: "C-10",
  severity: "warning",
  path: "workplans/CJ-WP-0001.md",
  line: 1,
  column: 1,
  subject: "CJ-WP-0001",
} as const;

describe("workplanDrift", () => {
  test("tells of an owner that was changed in the hub, names both, and not of a twin that was written unchanged", async () => {
    let owner: unknown;
    const judged = await play({
      files,
      change: async ({ sql }) => {
        await sql`update workstreams set owner = 'somebody else' where workplan_id = 'CJ-WP-0001'`;
        await sql`update workstreams set owner = 'somebody' where workplan_id = 'CJ-WP-0002'`;
      },
      after: async ({ sql }) => {
        [{ owner } = { owner: null }] = await sql`select owner from workstreams where workplan_id = 'CJ-WP-0001'`;
      },
    });
    expect(judged.told).toEqual([told]);
    expect(judged.findings[0]?.message).toStartWith("The hub had another owner than the file");
    expect(judged.findings[0]).toMatchObject({ observed: "hub: somebody else", expected: "file: somebody" });
    expect(judged.exitCode).toBe(0);
    expect(owner).toBe("somebody");
  });

  test("falls silent once the file moves that field on", async () => {
    const { told: still } = await play({
      files: { "workplans/CJ-WP-0003.md": workplanText({ id: "CJ-WP-0003" }) },
      change: async ({ sql, repo, rerun }) => {
        await sql`update workstreams set owner = 'somebody else' where workplan_id = 'CJ-WP-0003'`;
        expect((await rerun()).told).toMatchObject([{ check: "C-10", subject: "CJ-WP-0003" }]);
        const text = workplanText({ id: "CJ-WP-0003" }).replace("owner: somebody", "owner: somebody else");
        await repo.commit({ "workplans/CJ-WP-0003.md": text });
      },
    });
    expect(still).toEqual([]);
  });
});
