import { type Check, problemsOf } from "../check.ts";

export const unsafeContent: Check = {
  id: "C-23",
  name: "unsafe_content",
  severity: "error",
  proves: "no workplan holds a secret, is a symlink or is larger than 1 MiB",
  fix: "Revoke the secret first, then take it out; replace the link by the file; split what is too large",
  inFile: (reading) => problemsOf(reading, "unsafe_content"),
};
