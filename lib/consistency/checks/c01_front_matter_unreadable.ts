import { type Check, problemsOf } from "../check.ts";

export const frontMatterUnreadable: Check = {
  id: "C-01",
  name: "front_matter_unreadable",
  severity: "error",
  proves: "every file that may be a workplan is text whose front matter can be read",
  fix: "Correct the front matter at that place; until then the hub keeps the file's last good values",
  inFile: (reading) => problemsOf(reading, "front_matter_unreadable"),
  // Otherwise a blank line above the front matter would make a plan that people work on disappear.
  inRepo: ({ plan }) =>
    plan.matches.disguised.map((row) => ({
      code: "no_longer_a_workplan",
      path: row.path,
      line: 1,
      column: 1,
      subject: row.workplan_id,
      message: "The file of this workplan no longer begins with its front matter; its rows keep their last good values",
      expected: "--- on the first line, and type: workplan",
      hint: "Begin the file with its front matter; to retire the plan, set status: archived or delete the file",
    })),
};
