// C-17: a task block that is no closed fence of its own, or whose YAML cannot be read. Its neighbours go on.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

const tasks = (id: string) => [{ id: `${id}-T01` }, { id: `${id}-T02` }];

describe("taskBlockUnreadable", () => {
  test("tells of a block in a quote, and not of the twin with the mark on a line above it", async () => {
    const quoted = workplanText({ id: "CP-WP-0001", tasks: tasks("CP-WP-0001") }).replace(
      /```task\n(id: CP-WP-0001-T02[^`]*)```/,
      (block) => block.replace(/^/gm, "> "),
    );
    const { told, exitCode } = await play({
      files: {
        "workplans/CP-WP-0001.md": quoted,
        "workplans/CP-WP-0002.md": workplanText({ id: "CP-WP-0002", tasks: tasks("CP-WP-0002") }).replace(
          "```task",
          "> a quote\n\n```task",
        ),
      },
    });
    expect(told).toEqual([
      {
        check: "C-17",
        severity: "error",
        path: "workplans/CP-WP-0001.md",
        line: placeOf(quoted, "> ```task").line,
        column: 3,
        subject: null,
      },
    ]);
    expect(exitCode).toBe(1);
  });

  test("tells of a block that is not closed, and creates the task above it all the same", async () => {
    const whole = workplanText({ id: "CP-WP-0003", tasks: tasks("CP-WP-0003") });
    const open = whole.slice(0, whole.lastIndexOf("```\n\nHow"));
    let rows: unknown[] = [];
    const { told } = await play({
      files: { "workplans/CP-WP-0003.md": open },
      after: async ({ sql }) => {
        rows = [...(await sql`select task_id from tasks where task_id like 'CP-WP-0003-%'`)];
      },
    });
    expect(told).toEqual([
      {
        check: "C-17",
        severity: "error",
        path: "workplans/CP-WP-0003.md",
        line: placeOf(open, "id: CP-WP-0003-T02").line - 1,
        column: 1,
        subject: null,
      },
    ]);
    expect(rows).toEqual([{ task_id: "CP-WP-0003-T01" }]);
  });
});
