// C-21: a task that needs a person but does not say what for, or that is done before that person decided.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play, type World } from "./scene.ts";

const NOTE = "intervention_note: choose one";

async function decide({ sql }: World, taskId: string, status: string): Promise<void> {
  await sql`
    insert into decisions (repo_id, task_id, title, status)
    select repo_id, id, 'Choose one', ${status} from tasks where task_id = ${taskId}`;
}

describe("humanGateIncomplete", () => {
  test("tells of a task without a note, and not of the twin with one, nor of one that needs nobody", async () => {
    const text = workplanText({
      id: "CT-WP-0001",
      tasks: [
        { id: "CT-WP-0001-T01", extra: ["needs_human: true"] },
        { id: "CT-WP-0001-T02", extra: ["needs_human: true", NOTE] },
        { id: "CT-WP-0001-T03", extra: ["needs_human: false"] },
      ],
    });
    const { told, exitCode } = await play({ files: { "workplans/CT-WP-0001.md": text } });
    expect(told).toEqual([
      {
        check: "C-21",
        severity: "warning",
        path: "workplans/CT-WP-0001.md",
        ...placeOf(text, "needs_human: true"),
        subject: "CT-WP-0001-T01",
      },
    ]);
    expect(exitCode).toBe(0);
  });

  test("tells of a task that is done without a resolved decision, and not of the twin that has one", async () => {
    const plan = (status: string) =>
      workplanText({
        id: "CT-WP-0002",
        tasks: [
          { id: "CT-WP-0002-T00" },
          { id: "CT-WP-0002-T01", status, extra: ["needs_human: true", NOTE] },
          { id: "CT-WP-0002-T02", status, extra: ["needs_human: true", NOTE] },
        ],
      });
    const { told } = await play({
      files: { "workplans/CT-WP-0002.md": plan("blocked") },
      change: async (world) => {
        await decide(world, "CT-WP-0002-T01", "open");
        await decide(world, "CT-WP-0002-T02", "resolved");
        await world.repo.commit({ "workplans/CT-WP-0002.md": plan("done") });
      },
    });
    expect(told).toEqual([
      {
        check: "C-21",
        severity: "warning",
        path: "workplans/CT-WP-0002.md",
        ...placeOf(plan("done"), "status: done"),
        subject: "CT-WP-0002-T01",
      },
    ]);
  });

  test("falls silent when the decision is resolved, although no file has changed", async () => {
    const tasks = [
      { id: "CT-WP-0003-T01", status: "done", extra: ["needs_human: true", NOTE] },
      { id: "CT-WP-0003-T02" },
    ];
    const { told } = await play({
      files: { "workplans/CT-WP-0003.md": workplanText({ id: "CT-WP-0003", tasks }) },
      change: async (world) => {
        expect((await world.rerun()).told).toMatchObject([{ check: "C-21", subject: "CT-WP-0003-T01" }]);
        await decide(world, "CT-WP-0003-T01", "resolved");
      },
    });
    expect(told).toEqual([]);
  });

  test("knows a decision that was made before the file called the task a human gate", async () => {
    const tasks = (extra: readonly string[], status: string) => [
      { id: "CT-WP-0004-T01", status, extra },
      { id: "CT-WP-0004-T02" },
    ];
    const plan = (extra: readonly string[], status: string) => ({
      "workplans/CT-WP-0004.md": workplanText({ id: "CT-WP-0004", tasks: tasks(extra, status) }),
    });
    const { told } = await play({
      files: plan([], "todo"),
      change: async (world) => {
        await decide(world, "CT-WP-0004-T01", "resolved");
        await world.repo.commit(plan(["needs_human: true", NOTE], "done"));
      },
    });
    expect(told).toEqual([]);
  });
});
