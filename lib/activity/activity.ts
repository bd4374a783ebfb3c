// The activities of this toolkit, by the ids of their definitions, and where a run's row keeps the report of each. Both are
// a contract: other programs look for a run's row by them.

export interface Activity {
  readonly definitionId: string;
  /** The key of the run's report in its `context_snapshot`. */
  readonly reportKey: string;
}

export const SWEEP: Activity = {
  definitionId: "7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b",
  reportKey: "consistency_sweep_remote_all",
};

export const CLEANUP: Activity = {
  definitionId: "3b8f6c51-2d7e-4f0a-9a64-5e1c7d92b8f0",
  reportKey: "stale_task_cleanup",
};

/** null: none of ours. */
export function activityOf(definitionId: string): Activity | null {
  return [SWEEP, CLEANUP].find((each) => each.definitionId === definitionId) ?? null;
}
