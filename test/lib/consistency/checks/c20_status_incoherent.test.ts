// C-20: a workplan that says finished while a task is open, or the reverse.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

/** Workplan status and the statuses of its tasks, against what is told. */
const CASES = [
  { status: "finished", tasks: ["done", "todo"], tells: true },
  { status: "finished", tasks: ["done", "cancelled"], tells: false },
  { status: "active", tasks: ["done", "cancelled"], tells: true },
  { status: "active", tasks: ["done", "blocked"], tells: false },
  { status: "blocked", tasks: ["done"], tells: true },
  { status: "cancelled", tasks: ["done"], tells: false },
  { status: "archived", tasks: ["todo"], tells: false },
  { status: "active", tasks: [], tells: false },
] as const;

describe("statusIncoherent", () => {
  test("tells of each workplan whose tasks contradict it, at its status, and of no near twin", async () => {
    const plans = CASES.map(({ status, tasks, tells }, index) => {
      const id = `CS-WP-000${index}`;
      const text = workplanText({ id, status, tasks: tasks.map((its, n) => ({ id: `${id}-T0${n}`, status: its })) });
      return { id, path: `workplans/${id}.md`, text, tells };
    });
    const { told, exitCode } = await play({ files: Object.fromEntries(plans.map(({ path, text }) => [path, text])) });
    expect(told).toEqual(
      plans
        .filter(({ tells }) => tells)
        .map(({ id, path, text }) => ({
          check: "C-20",
          severity: "warning",
          path,
          ...placeOf(text, "status:"),
          subject: id,
        })),
    );
    expect(exitCode).toBe(0);
  });

  test("says nothing while a block that could be the open task cannot be read", async () => {
    const id = "CS-WP-0010";
    const tasks = [
      { id: `${id}-T01`, status: "done" },
      { id: `${id}-T02`, status: "toodo" },
    ];
    const { told } = await play({ files: { [`workplans/${id}.md`]: workplanText({ id, tasks }) } });
    expect(told.map(({ check }) => check)).toEqual(["C-18"]);
  });
});
