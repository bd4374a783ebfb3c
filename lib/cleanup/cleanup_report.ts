// What one cleanup found or did: the document that --json prints, and the detail of its progress event. Counts always cover
// the whole, the list may be cut.
import type { StaleTask } from "./stale_task.ts";

/** At most so many tasks are listed; the counts are of all. */
export const LISTED_TASKS = 200;

export interface CleanupReport {
  readonly run_id: string;
  /** Who started it, as --source said. */
  readonly source: string;
  readonly days: number;
  /** false: a preview, nothing was changed. */
  readonly applied: boolean;
  /** The database's clock, ISO 8601: what the days are counted back from. */
  readonly as_of: string;
  /** Unchanged for longest first. */
  readonly tasks: readonly StaleTask[];
  readonly counts: CleanupCounts;
  readonly truncated: boolean;
}

export interface CleanupCounts {
  readonly tasks: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_repo: Readonly<Record<string, number>>;
}

type Counted = Pick<StaleTask, "id" | "since" | "status" | "repo">;

/** Those to list of what was listed before and what came since. */
export function longestUnchanged<T extends Counted>(listed: readonly T[], more: readonly T[]): T[] {
  const key = ({ since, id }: T) => `${since} ${id}`;
  return [...listed, ...more].sort((a, b) => (key(a) < key(b) ? -1 : 1)).slice(0, LISTED_TASKS);
}

/** The counts with these tasks in them. */
export function counted(before: CleanupCounts, tasks: readonly Counted[]): CleanupCounts {
  return {
    tasks: before.tasks + tasks.length,
    by_status: tally(
      before.by_status,
      tasks.map(({ status }) => status),
    ),
    by_repo: tally(
      before.by_repo,
      tasks.map(({ repo }) => repo),
    ),
  };
}

export const NO_TASKS: CleanupCounts = { tasks: 0, by_status: {}, by_repo: {} };

/** Sorted by name, so that two reports of the same rows are the same text. */
function tally(before: Readonly<Record<string, number>>, names: readonly string[]): Record<string, number> {
  const counts = new Map(Object.entries(before));
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
