// The row that a cleanup of stale tasks leaves, in the transaction of its changes: either both are there, or neither.
import type { Transaction } from "../db/handles.ts";
import { CLEANUP } from "./activity.ts";
import { storeActivityRun } from "./activity_run.ts";

/** The part of a cleanup's report that its row is made of. */
export interface CleanupRun {
  readonly report: { readonly run_id: string; readonly source: string };
  /** Until now, in milliseconds. */
  readonly lastedMs: number;
}

export function recordCleanup(tx: Transaction, { report, lastedMs }: CleanupRun): Promise<void> {
  const { run_id: runId, source } = report;
  const outcome = { status: "succeeded", reason: null, report } as const;
  return storeActivityRun(tx, { of: CLEANUP, runId, source, when: { lastedMs }, ...outcome });
}
