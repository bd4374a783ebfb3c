// C-18: a task whose keys or values the hub does not know.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("taskInvalid", () => {
  test("tells of a status in capitals, and not of its neighbour in small letters", async () => {
    const text = workplanText({
      id: "CQ-WP-0001",
      tasks: [{ id: "CQ-WP-0001-T01", status: "Todo" }, { id: "CQ-WP-0001-T02" }],
    });
    const { told, findings, exitCode } = await play({ files: { "workplans/CQ-WP-0001.md": text } });
    expect(told).toEqual([
      {
        check: "C-18",
        severity: "error",
        path: "workplans/CQ-WP-0001.md",
        ...placeOf(text, "Todo"),
        subject: "CQ-WP-0001-T01",
      },
    ]);
    expect(findings[0]).toMatchObject({ observed: "Todo", expected: "todo, in_progress, blocked, done, cancelled" });
    expect(exitCode).toBe(1);
  });

  test("tells of a key that is missing at the block's fence", async () => {
    const text = workplanText({ id: "CQ-WP-0002", tasks: [{ id: "CQ-WP-0002-T01" }] }).replace(
      "priority: medium\n",
      "",
    );
    const { told } = await play({ files: { "workplans/CQ-WP-0002.md": text } });
    expect(told).toEqual([
      {
        check: "C-18",
        severity: "error",
        path: "workplans/CQ-WP-0002.md",
        ...placeOf(text, "```task"),
        subject: "CQ-WP-0002-T01",
      },
    ]);
  });
});
