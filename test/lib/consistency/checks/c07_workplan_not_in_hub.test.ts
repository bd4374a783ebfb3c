// C-07 speaks in a dry run alone: it shows what a real run would create.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

describe("workplanNotInHub", () => {
  test("tells in a dry run of the file that is new, not of the one that has its row, and leaves the exit code 0", async () => {
    const { told, exitCode } = await play({
      files: { "workplans/CG-WP-0001.md": workplanText({ id: "CG-WP-0001" }) },
      change: ({ repo }) => repo.commit({ "workplans/CG-WP-0002.md": workplanText({ id: "CG-WP-0002" }) }),
      dryRun: true,
    });
    expect(told).toEqual([
      {
        check: "C-07",
        severity: "info",
        path: "workplans/CG-WP-0002.md",
        line: 1,
        column: 1,
        subject: "CG-WP-0002",
      },
    ]);
    expect(exitCode).toBe(0);
  });

  test("is silent in a real run, which creates the row", async () => {
    const { told } = await play({ files: { "workplans/CG-WP-0003.md": workplanText({ id: "CG-WP-0003" }) } });
    expect(told).toEqual([]);
  });
});
