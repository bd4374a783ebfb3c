// C-02: a key that the hub needs is missing or empty.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("frontMatterIncomplete", () => {
  test("tells of an owner without a value, and not of the twin with one letter", async () => {
    const empty = workplanText({ id: "CB-WP-0001" }).replace("owner: somebody", "owner:");
    const { told, exitCode } = await play({
      files: {
        "workplans/CB-WP-0001.md": empty,
        "workplans/CB-WP-0002.md": workplanText({ id: "CB-WP-0002" }).replace("owner: somebody", "owner: s"),
      },
    });
    expect(told).toEqual([
      {
        check: "C-02",
        severity: "error",
        path: "workplans/CB-WP-0001.md",
        ...placeOf(empty, "owner:"),
        subject: "CB-WP-0001",
      },
    ]);
    expect(exitCode).toBe(1);
  });

  test("tells of a missing key at the top of the front matter", async () => {
    const { told, findings } = await play({
      files: { "workplans/CB-WP-0003.md": workplanText({ id: "CB-WP-0003" }).replace("owner: somebody\n", "") },
    });
    expect(told).toMatchObject([{ check: "C-02", severity: "error", line: 1, column: 1, subject: "CB-WP-0003" }]);
    expect(findings[0]?.message).toContain("owner");
  });
});
