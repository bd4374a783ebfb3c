import type { Check } from "../check.ts";

/** Seen where a sweep would fast-forward a checkout, on the one host that has it: no other look can tell. */
export const pullGate: Check = {
  id: "C-16",
  name: "pull_gate",
  severity: "warning",
  proves: "every checkout on the swept hosts could be fast-forwarded to its remote's default branch",
  fix: "Finish or put away the local work that is named, then: git -C PATH pull --ff-only",
};
