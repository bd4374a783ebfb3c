import { expect, test } from "bun:test";
import { unreadableFile } from "../../../lib/workplan/unreadable_file.ts";

const cases = [
  [{ reason: "symlink" }, "unsafe_content", "symlink", null],
  [{ reason: "too_large", size: 209_715_200 }, "unsafe_content", "file_too_large", "209715200 bytes"],
  [{ reason: "not_a_file" }, "unsafe_content", "not_a_file", null],
  [{ reason: "missing_blob", blob: "abc123" }, "front_matter_unreadable", "missing_blob", "abc123"],
  [{ reason: "unreadable" }, "front_matter_unreadable", "file_unreadable", null],
] as const;

for (const [why, kind, code, observed] of cases) {
  test(`unreadableFile() counts a file as found and failed: ${why.reason}`, () => {
    const reading = unreadableFile("workplans/--help.md", why);
    expect(reading).toMatchObject({
      state: "failed",
      path: "workplans/--help.md",
      id: null,
      tasks: [],
      failedBlocks: [],
    });
    expect(reading.problems).toEqual([expect.objectContaining({ kind, code, observed, line: 1, column: 1 })]);
  });
}
