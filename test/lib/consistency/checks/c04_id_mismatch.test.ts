// C-04: a file that is named after another workplan, a task that has another workplan's prefix.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("idMismatch", () => {
  test("tells of a file with one digit too many, and not of the twin with a title behind its id", async () => {
    const text = workplanText({ id: "CD-WP-0001" });
    const { told, exitCode } = await play({
      files: {
        "workplans/CD-WP-00012.md": text,
        "workplans/cd-wp-0002-the-title.md": workplanText({ id: "CD-WP-0002" }),
      },
    });
    expect(told).toEqual([
      {
        check: "C-04",
        severity: "warning",
        path: "workplans/CD-WP-00012.md",
        ...placeOf(text, "id: CD-WP-0001"),
        subject: "CD-WP-0001",
      },
    ]);
    expect(exitCode).toBe(0);
  });

  test("tells of a task with a foreign prefix, and not of its neighbour", async () => {
    const text = workplanText({
      id: "CD-WP-0003",
      tasks: [{ id: "CD-WP-0003-T01" }, { id: "CD-WP-0004-T02" }],
    });
    const { told } = await play({ files: { "workplans/CD-WP-0003.md": text } });
    expect(told).toEqual([
      {
        check: "C-04",
        severity: "warning",
        path: "workplans/CD-WP-0003.md",
        ...placeOf(text, "id: CD-WP-0004-T02"),
        subject: "CD-WP-0004-T02",
      },
    ]);
  });
});
