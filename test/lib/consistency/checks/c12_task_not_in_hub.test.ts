// C-12 speaks in a dry run alone: it shows which tasks a real run would create.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("taskNotInHub", () => {
  test("tells in a dry run of the block that is new, not of the one that has its row, and leaves the exit code 0", async () => {
    const text = workplanText({ id: "CL-WP-0001", tasks: [{ id: "CL-WP-0001-T01" }, { id: "CL-WP-0001-T02" }] });
    const { told, exitCode } = await play({
      files: { "workplans/CL-WP-0001.md": workplanText({ id: "CL-WP-0001", tasks: [{ id: "CL-WP-0001-T01" }] }) },
      change: ({ repo }) => repo.commit({ "workplans/CL-WP-0001.md": text }),
      dryRun: true,
    });
    expect(told).toEqual([
      {
        check: "C-12",
        severity: "info",
        path: "workplans/CL-WP-0001.md",
        line: placeOf(text, "id: CL-WP-0001-T02").line - 1,
        column: 1,
        subject: "CL-WP-0001-T02",
      },
    ]);
    expect(exitCode).toBe(0);
  });
});
