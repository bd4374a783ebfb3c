// C-09: the hub id in a file is not its row's. A stray one is a warning and the hub's stands; another row's freezes the file.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play, type World } from "./scene.ts";

async function idOf({ sql }: World, workplanId: string): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select id from workstreams where workplan_id = ${workplanId}`;
  return row?.id ?? "";
}

describe("hubIdMismatch", () => {
  test("warns of an id that the hub never gave, and not of the twin that has its own", async () => {
    const stray = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    let text = "";
    const { told, findings, exitCode } = await play({
      files: {
        "workplans/CI-WP-0001.md": workplanText({ id: "CI-WP-0001" }),
        "workplans/CI-WP-0002.md": workplanText({ id: "CI-WP-0002" }),
      },
      change: async (world) => {
        text = workplanText({ id: "CI-WP-0001", hubId: stray });
        await world.repo.commit({
          "workplans/CI-WP-0001.md": text,
          "workplans/CI-WP-0002.md": workplanText({ id: "CI-WP-0002", hubId: await idOf(world, "CI-WP-0002") }),
        });
      },
    });
    expect(told).toEqual([
      {
        check: "C-09",
        severity: "warning",
        path: "workplans/CI-WP-0001.md",
        ...placeOf(text, "state_hub_workstream_id"),
        subject: "CI-WP-0001",
      },
    ]);
    expect(findings[0]?.observed).toBe(stray);
    expect(exitCode).toBe(0);
  });

  test("is an error for the id of another row, and the file changes nothing", async () => {
    let rows: readonly object[] = [];
    let text = "";
    const { told, exitCode } = await play({
      files: {
        "workplans/CI-WP-0003.md": workplanText({ id: "CI-WP-0003" }),
        "workplans/CI-WP-0004.md": workplanText({ id: "CI-WP-0004" }),
      },
      change: async (world) => {
        text = workplanText({ id: "CI-WP-0004", status: "blocked", hubId: await idOf(world, "CI-WP-0003") });
        await world.repo.commit({ "workplans/CI-WP-0004.md": text });
      },
      after: async ({ sql }) => {
        rows = [...(await sql`select status from workstreams where workplan_id = 'CI-WP-0004'`)];
      },
    });
    expect(told).toEqual([
      {
        check: "C-09",
        severity: "error",
        path: "workplans/CI-WP-0004.md",
        ...placeOf(text, "state_hub_workstream_id"),
        subject: "CI-WP-0004",
      },
    ]);
    expect(exitCode).toBe(1);
    expect(rows).toEqual([{ status: "active" }]);
  });
});
