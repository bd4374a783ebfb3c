import type { Check } from "../check.ts";

/** Seen while a repository is opened, before there is anything to look into: run_ledger.ts reports it. */
export const repoUnusable: Check = {
  id: "C-06",
  name: "repo_unusable",
  severity: "error",
  proves: "every registered repository can be read at the tip of its default branch",
  fix: "git -C PATH status; then correct what it shows, or: scripts/state_hub.ts repo add NEW-PATH",
};
