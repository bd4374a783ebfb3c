import { type Check, problemsOf } from "../check.ts";

export const frontMatterIncomplete: Check = {
  id: "C-02",
  name: "front_matter_incomplete",
  severity: "error",
  proves: "every workplan has all keys that the hub needs",
  fix: "Add the key that is named",
  inFile: (reading) => problemsOf(reading, "front_matter_incomplete"),
};
