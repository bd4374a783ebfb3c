// C-13: a task whose block is gone from a workplan that was read whole.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

const [first, second] = [{ id: "CM-WP-0001-T01" }, { id: "CM-WP-0001-T02" }];
const files = { "workplans/CM-WP-0001.md": workplanText({ id: "CM-WP-0001", tasks: [first, second] }) };

describe("taskWithoutBlock", () => {
  test("tells of a block that was taken out, and not of the one that stays", async () => {
    const { told, exitCode } = await play({
      files,
      change: ({ repo }) =>
        repo.commit({ "workplans/CM-WP-0001.md": workplanText({ id: "CM-WP-0001", tasks: [second] }) }),
    });
    expect(told).toEqual([
      {
        check: "C-13",
        severity: "warning",
        path: "workplans/CM-WP-0001.md",
        line: null,
        column: null,
        subject: "CM-WP-0001-T01",
      },
    ]);
    expect(exitCode).toBe(0);
  });

  test("says nothing of a missing block while another of the file cannot be read", async () => {
    const spoilt = (text: string) => text.replaceAll("CM-WP-0001", "CM-WP-0002");
    const { told } = await play({
      files: { "workplans/CM-WP-0002.md": spoilt(files["workplans/CM-WP-0001.md"]) },
      change: ({ repo }) =>
        repo.commit({
          "workplans/CM-WP-0002.md": spoilt(
            workplanText({ id: "CM-WP-0001", tasks: [{ ...second, extra: ["priority: high"] }] }),
          ),
        }),
    });
    expect(told.map(({ check }) => check)).toEqual(["C-17"]);
  });
});
