// C-11: file and hub both changed a workplan's status, each to another value.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

describe("workplanStatusDrift", () => {
  test("tells of two different values, and not of the twin that both sides set alike", async () => {
    const { told, findings, exitCode } = await play({
      files: {
        "workplans/CK-WP-0001.md": workplanText({ id: "CK-WP-0001" }),
        "workplans/CK-WP-0002.md": workplanText({ id: "CK-WP-0002" }),
      },
      change: async ({ repo, sql }) => {
        await sql`update workstreams set status = 'archived' where workplan_id = 'CK-WP-0001'`;
        await sql`update workstreams set status = 'blocked' where workplan_id = 'CK-WP-0002'`;
        await repo.commit({
          "workplans/CK-WP-0001.md": workplanText({ id: "CK-WP-0001", status: "blocked" }),
          "workplans/CK-WP-0002.md": workplanText({ id: "CK-WP-0002", status: "blocked" }),
        });
      },
    });
    expect(told).toEqual([
      {
        check: "C-11",
        severity: "warning",
        path: "workplans/CK-WP-0001.md",
        line: 1,
        column: 1,
        subject: "CK-WP-0001",
      },
    ]);
    expect(findings[0]).toMatchObject({
      message: "File and hub both changed status; the file's value stands, the hub's is kept",
      observed: "hub: archived",
      expected: "file: blocked",
      hint: "scripts/state_hub.ts explain CK-WP-0001",
    });
    expect(exitCode).toBe(0);
  });

  test("falls silent once the status moves again", async () => {
    const status = (value: string) => ({
      "workplans/CK-WP-0003.md": workplanText({ id: "CK-WP-0003", status: value }),
    });
    const { told } = await play({
      files: status("active"),
      change: async ({ repo, sql, rerun }) => {
        await sql`update workstreams set status = 'archived' where workplan_id = 'CK-WP-0003'`;
        await repo.commit(status("blocked"));
        expect((await rerun()).told).toMatchObject([{ check: "C-11" }]);
        await repo.commit(status("draft"));
      },
    });
    expect(told).toEqual([]);
  });
});
