// consistency_check.ts as an operator runs it: a process of its own, with a hub named in DATABASE_URL.
import { join } from "node:path";
import { type RunningScript, type ScriptEnded, startScript } from "./script_process.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/consistency_check.ts");
const SCRIPTS_BUN = join(import.meta.dir, "../../scripts/bun");
/** Longer than any run here takes on a busy machine; only a hang reaches it. */
const WATCHDOG_MS = 50_000;

export interface Ran extends ScriptEnded {
  /** stdout as JSON; throws unless it is exactly one document. */
  report(): CheckReport;
}

/** What tests read of the report. */
export interface CheckReport {
  readonly exit_code: number;
  readonly automation_error: { readonly check: string; readonly message: string; readonly repo: string | null } | null;
  readonly repos_total: number;
  readonly repos_processed: readonly { readonly slug: string }[];
  readonly skipped_clean: readonly string[];
  readonly error?: { readonly kind: string; readonly hint: string | null };
}

export interface Running extends RunningScript {
  readonly ended: Promise<Ran>;
}

/** @param env added to a plain environment; no DATABASE_URL unless it is here */
export function startCheck(args: readonly string[], env: Record<string, string>): Running {
  const started = startScript([SCRIPTS_BUN, SCRIPT, ...args], { env, watchdogMs: WATCHDOG_MS });
  const ended = started.ended.then((ran) => ({ ...ran, report: () => JSON.parse(ran.out) as CheckReport }));
  return { ...started, ended };
}

export function runCheck(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  return startCheck(args, env).ended;
}
