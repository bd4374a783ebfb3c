// Runs over remotes as the schedule wants them, the same from the script and from a hub that is asked for one: how they
// reach the remotes, what they may write, when they count as failed. Two compositions would drift apart unseen.
import type { Config } from "../../config.ts";
import type { Database } from "../../db/connect.ts";
import { hubKeyOf } from "../../db/hub_key.ts";
import { checkFleet } from "../check_fleet.ts";
import type { CheckOptions, RemoteOptions } from "../check_options.ts";
import type { ActivityRecorder } from "../record_run.ts";
import { SOURCES, type Source } from "../report.ts";
import { type KeptResult, keptResult } from "../result_document.ts";

/** Seconds, unless another budget is given: the timer's interval leaves room for three of them. */
export const REMOTE_RUN_SECONDS = 300;
/** Remotes asked at once, in all and on one host, unless given. */
export const REMOTES_AT_ONCE = 8;

export interface AskedReach {
  /** undefined: as it is usual for this hub. */
  readonly writeBack?: boolean | undefined;
  readonly atOnce?: number;
  readonly perHost?: number;
}

/** The embedded hub is a throw-away one, whose ids must not reach real files by default. */
export function remoteOptions({ database, stateHubHome }: Config, asked: AskedReach = {}): RemoteOptions {
  return {
    home: stateHubHome,
    writeBack: asked.writeBack ?? database.kind !== "embedded",
    atOnce: asked.atOnce ?? REMOTES_AT_ONCE,
    perHost: asked.perHost ?? REMOTES_AT_ONCE,
    hubKey: hubKeyOf(database),
  };
}

/** Findings count where one repository is looked at; of the sweep of all remotes they are its report, not its failure. */
export function isStrict(remotes: RemoteOptions | null, scope: CheckOptions["scope"]): boolean {
  return remotes === null || !("all" in scope);
}

export interface RunOrder {
  readonly runId: string;
  readonly source: string;
  readonly signal: AbortSignal;
}

export interface RemoteRuns {
  /** Who may be named as having asked for a run. */
  readonly sources: readonly string[];
  /** Seconds; of a sweep unless given, and of each sync. */
  readonly maxSeconds: number;
  sweep(order: RunOrder & { readonly maxSeconds: number }): Promise<KeptResult>;
  sync(order: RunOrder & { readonly slug: string }): Promise<KeptResult>;
}

/**
 * @param connect opens a handle for one run, which closes it
 * @returns runs that throw as checkFleet does
 */
export function remoteRuns(
  config: Config,
  { connect, activity }: { readonly connect: () => Promise<Database>; readonly activity: ActivityRecorder },
): RemoteRuns {
  const remotes = remoteOptions(config);
  const done = async (scope: CheckOptions["scope"], { runId, source, signal }: RunOrder, maxSeconds: number) =>
    keptResult(
      await checkFleet({
        connect,
        scope,
        host: config.host,
        source: source as Source,
        runId,
        dryRun: false,
        full: false,
        strict: isStrict(remotes, scope),
        maxSeconds,
        remotes,
        activity,
        signal,
        progress: () => {},
      }),
    );
  return {
    sources: SOURCES,
    maxSeconds: REMOTE_RUN_SECONDS,
    sweep: ({ maxSeconds, ...order }) => done({ all: true }, order, maxSeconds),
    sync: ({ slug, ...order }) => done({ slug }, order, REMOTE_RUN_SECONDS),
  };
}
