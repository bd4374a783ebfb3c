// What a drill knows so far. A run that is stopped half way by a failure still tells all that it had found out by then.
import type { Comparison } from "../copy/compare_copy.ts";
import type { HubVerdict } from "../copy/compare_hub.ts";
import type { ServerIdentity } from "../source/live_source.ts";
import type { Artifact, DrillReport } from "./report.ts";

/** Filled as the drill goes on; null: not known yet. */
export interface Draft {
  sourceUrl: string | null;
  source: Pick<ServerIdentity, "database" | "system_identifier" | "version"> | null;
  instanceId: string | null;
  clock: string | null;
  backup: DrillReport["backup"];
  target: DrillReport["target"];
  targetVersion: string | null;
  /** Something may have been made in a database that somebody named. */
  touched: boolean;
  /** What makes that database anew, as it is typed; null: none was named, or the source is not known yet. */
  anew: string | null;
  clientVersion: string | null;
  rows: number;
  digests: { readonly facts: string; readonly schema: string } | null;
  comparison: Comparison | null;
  hub: HubVerdict | null;
  artifacts: readonly Artifact[];
  /** What is wrong with the material itself: a part that was changed, is missing, or belongs to another backup. */
  readonly wrong: string[];
  /** Why nothing can be said, or not all of it. */
  readonly unverified: { readonly reason: string; hint: string | null }[];
  readonly remarks: string[];
}

/** Of a drill that has found out nothing yet. */
export function newDraft(target: DrillReport["target"]): Draft {
  return {
    sourceUrl: null,
    source: null,
    instanceId: null,
    clock: null,
    backup: null,
    target,
    targetVersion: null,
    touched: false,
    anew: null,
    clientVersion: null,
    rows: 0,
    digests: null,
    comparison: null,
    hub: null,
    artifacts: [],
    wrong: [],
    unverified: [],
    remarks: [],
  };
}
