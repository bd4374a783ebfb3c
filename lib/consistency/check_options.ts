// What a run is asked for, and what it has from the machine that it runs on.
import type { Database } from "../db/connect.ts";
import type { ActivityRecorder } from "./record_run.ts";
import type { Source } from "./report.ts";
import type { PlanWork } from "./saved_plan/plan_watch.ts";
import type { Reach } from "./sweep/reach.ts";

export interface CheckOptions {
  /** Opens the hub; what it throws becomes the report's C-00. */
  readonly connect: () => Promise<Database>;
  readonly scope: { readonly all: true } | { readonly slug: string } | { readonly path: string };
  readonly host: string;
  readonly source: Source;
  /** A UUID that the run was asked for by; a new one unless given. */
  readonly runId?: string;
  readonly dryRun: boolean;
  /** Read every repository even if nothing seems to have changed. */
  readonly full: boolean;
  /** Open errors make the exit code 1. */
  readonly strict: boolean;
  /** null: as long as it takes. */
  readonly maxSeconds: number | null;
  readonly activity: ActivityRecorder;
  /** null: the tips of local checkouts are read, and no repository is written to. */
  readonly remotes: RemoteOptions | null;
  /** Makes a saved plan of this run, or does one; unless given it is a plain run. */
  readonly plan?: PlanWork;
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

export interface RemoteOptions extends Omit<Reach, "access" | "manual" | "sshConfig"> {
  /** Which hub this is, for runs that it could not be told of; see hubKeyOf(). null: none is named. */
  readonly hubKey: string | null;
}
