import { type Check, problemsOf } from "../check.ts";

export const frontMatterUnreadable: Check = {
  id: "C-01",
  name: "front_matter_unreadable",
  severity: "error",
  proves: "every file that may be a workplan is text whose front matter can be read",
  fix: "Correct the front matter at that place; until then the hub keeps the file's last good values",
  inFile: (reading) => problemsOf(reading, "front_matter_unreadable"),
};
