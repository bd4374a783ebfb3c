// C-14: file and hub both changed a field of one task, each to another value.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

const text = (id: string, day: string | null) =>
  workplanText({
    id: id.slice(0, -4),
    tasks: [{ id, status: "in_progress", ...(day === null ? {} : { completed: day }) }],
  });

describe("taskDrift", () => {
  test("tells of two different days, and not of the twin that both sides set alike", async () => {
    const drifted = text("CN-WP-0001-T01", "2026-03-01");
    const { told, findings, exitCode } = await play({
      files: {
        "workplans/CN-WP-0001.md": text("CN-WP-0001-T01", null),
        "workplans/CN-WP-0002.md": text("CN-WP-0002-T01", null),
      },
      change: async ({ repo, sql }) => {
        await sql`update tasks set completed = '2026-03-02' where task_id in ('CN-WP-0001-T01', 'CN-WP-0002-T01')`;
        await repo.commit({
          "workplans/CN-WP-0001.md": drifted,
          "workplans/CN-WP-0002.md": text("CN-WP-0002-T01", "2026-03-02"),
        });
      },
    });
    expect(told).toEqual([
      {
        check: "C-14",
        severity: "warning",
        path: "workplans/CN-WP-0001.md",
        line: placeOf(drifted, "```task").line,
        column: 1,
        subject: "CN-WP-0001-T01",
      },
    ]);
    expect(findings[0]).toMatchObject({ observed: "hub: 2026-03-02", expected: "file: 2026-03-01" });
    expect(exitCode).toBe(0);
  });
});
