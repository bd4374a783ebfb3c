// C-03: a value that the hub does not know.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

describe("frontMatterInvalid", () => {
  test("tells of a day that does not exist, and not of the twin one day earlier", async () => {
    const created = (id: string, day: string) => workplanText({ id }).replace('"2026-01-02"', `"${day}"`);
    const wrong = created("CC-WP-0001", "2026-02-29");
    const { told, findings, exitCode } = await play({
      files: {
        "workplans/CC-WP-0001.md": wrong,
        "workplans/CC-WP-0002.md": created("CC-WP-0002", "2026-02-28"),
      },
    });
    expect(told).toEqual([
      {
        check: "C-03",
        severity: "error",
        path: "workplans/CC-WP-0001.md",
        ...placeOf(wrong, '"2026-02-29"'),
        subject: "CC-WP-0001",
      },
    ]);
    expect(findings[0]).toMatchObject({ observed: "2026-02-29", expected: "a date, YYYY-MM-DD" });
    expect(exitCode).toBe(1);
  });
});
