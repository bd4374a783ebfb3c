// The one command that is safe to type next. It is pasted by people in a hurry: what a file or a path says stands in it
// quoted, and it must do something with what it names.
import { shellQuoted } from "../shell_quoted.ts";
import type { OpenFinding } from "./findings.ts";
import type { FleetResult } from "./run_ledger.ts";

export const STATUS_COMMAND = "scripts/state_hub.ts status";
export const LIST_COMMAND = "scripts/state_hub.ts repo list";
export const ADD_COMMAND = "scripts/state_hub.ts repo add PATH";

// Other hints are sentences: the report's head shows them.
const COMMAND = /^(scripts\/|git |export )/;

/**
 * @param repo as it was given; null for all
 * @param flags given as well, for the run that does what a dry run has shown
 */
export function nextCommand(
  { report, hint, isRemote }: Pick<FleetResult, "report" | "hint" | "isRemote">,
  repo: string | null,
  flags: readonly string[] = [],
): string {
  if (report.automation_error) return hint !== null && COMMAND.test(hint) ? hint : STATUS_COMMAND;
  if (report.dry_run) return [runOf(repo, isRemote), ...flags].join(" ");
  const [worst] = report.assessment_failures;
  if (worst === undefined) return STATUS_COMMAND;
  const { subject } = worst;
  if (subject !== null && hasRow(worst)) return `scripts/state_hub.ts explain ${shellQuoted(subject)}`;
  return dryRunOf(worst.repo, repo, isRemote);
}

/**
 * @param given what else names the repository: a path, where its slug would be read as one
 * @param isRemote of the remotes, not of local checkouts
 */
export function dryRunOf(slug: string, given: string | null = null, isRemote = false): string {
  return `${runOf(readAsPath(slug) ? given : slug, isRemote)} --dry-run`;
}

/** `--repo` takes a word with a slash or a dot for a path. */
export function readAsPath(repo: string): boolean {
  return /[/.]/.test(repo);
}

function runOf(repo: string | null, isRemote: boolean): string {
  const scope = repo === null ? ["--all"] : ["--repo", shellQuoted(repo)];
  return ["scripts/consistency_check.ts", ...(isRemote ? ["--remote"] : []), ...scope].join(" ");
}

// Other checks speak of what did not get into the hub: of a block that cannot be read there is nothing to explain.
const ABOUT_ROWS = new Set(["C-09", "C-10", "C-11", "C-12", "C-13", "C-14", "C-20", "C-21", "C-22"]);

function hasRow({ check, path, expected, first_seen }: OpenFinding): boolean {
  if (!ABOUT_ROWS.has(check) || first_seen === null) return false;
  // C-09 of a file that has no row yet expects no id; C-22 of a repository has no path.
  return check === "C-09" ? expected !== null : path !== null || check !== "C-22";
}
