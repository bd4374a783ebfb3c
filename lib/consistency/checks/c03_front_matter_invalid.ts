import { type Check, problemsOf } from "../check.ts";

export const frontMatterInvalid: Check = {
  id: "C-03",
  name: "front_matter_invalid",
  severity: "error",
  proves: "every value in a workplan's front matter is one that the hub knows",
  fix: "Correct the value; until then the hub keeps the file's last good values",
  inFile: (reading) => problemsOf(reading, "front_matter_invalid"),
};
