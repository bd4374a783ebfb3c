// C-01: a front matter that nobody can read is told with its place, and the file beside it goes on.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("frontMatterUnreadable", () => {
  test("tells of a key that stands twice, and not of the twin whose second key has another name", async () => {
    const twice = workplanText({ id: "CA-WP-0001", extra: ["estimate: 3", "estimate: 4"] });
    const { told, exitCode } = await play({
      files: {
        "workplans/CA-WP-0001.md": twice,
        "workplans/CA-WP-0002.md": workplanText({ id: "CA-WP-0002", extra: ["estimate: 3", "estimates: 4"] }),
      },
    });
    expect(told).toEqual([
      {
        check: "C-01",
        severity: "error",
        path: "workplans/CA-WP-0001.md",
        ...placeOf(twice, "estimate: 4"),
        subject: "CA-WP-0001",
      },
    ]);
    expect(exitCode).toBe(1);
  });

  test("tells of a front matter in another language by its first line, and runs nothing of it", async () => {
    const script = workplanText({ id: "CA-WP-0003" }).replace("---\n", "---js\n");
    const { told } = await play({
      files: { "workplans/CA-WP-0003.md": script, "workplans/CA-WP-0004.md": workplanText({ id: "CA-WP-0004" }) },
    });
    expect(told).toEqual([
      {
        check: "C-01",
        severity: "error",
        path: "workplans/CA-WP-0003.md",
        line: 1,
        column: 1,
        subject: "CA-WP-0003",
      },
    ]);
  });
});
