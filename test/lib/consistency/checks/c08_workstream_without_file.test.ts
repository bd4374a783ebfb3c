// C-08: a row whose file is gone. Without a fetched tip nothing is marked: the finding is all that happens.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

const both = {
  "workplans/CH-WP-0001.md": workplanText({ id: "CH-WP-0001" }),
  "workplans/CH-WP-0002.md": workplanText({ id: "CH-WP-0002" }),
};

describe("workstreamWithoutFile", () => {
  test("tells of a file that was deleted, not of one that was renamed with its id", async () => {
    const { told, exitCode } = await play({
      files: both,
      change: ({ repo }) =>
        repo.commit({
          "workplans/CH-WP-0001.md": null,
          "workplans/CH-WP-0002.md": null,
          "workplans/later/CH-WP-0002.md": both["workplans/CH-WP-0002.md"],
        }),
    });
    expect(told).toEqual([
      {
        check: "C-08",
        severity: "warning",
        path: "workplans/CH-WP-0001.md",
        line: null,
        column: null,
        subject: "CH-WP-0001",
      },
    ]);
    expect(exitCode).toBe(0);
  });

  test("says nothing while an unreadable file might be the missing one", async () => {
    const renamed = (text: string) => ({
      "workplans/CH-WP-0003.md": null,
      "workplans/CH-WP-0005.md": text,
    });
    const files = { "workplans/CH-WP-0003.md": workplanText({ id: "CH-WP-0003" }) };
    const unreadable = await play({ files, change: ({ repo }) => repo.commit(renamed("---\nid: [\n---\n")) });
    expect(unreadable.told.map(({ check }) => check)).toEqual(["C-01"]);
  });
});
