// Waiting for runs of other hubs: their rows are looked at until they say how it ended. However many clients wait for a
// run, and however many of them have left, it is one look at a time.
import type { Run } from "./run_rows.ts";

const LOOK_EVERY_MS = { first: 100, longest: 1_000 };

/**
 * @param look reads the run as it is now; what it throws ends the waiting
 * @param signal ends the waiting with its reason
 */
export function runWatch(look: (runId: string) => Promise<Run | null>, signal: AbortSignal) {
  const watched = new Map<string, Promise<Run | null>>();
  const watch = async (runId: string): Promise<Run | null> => {
    for (let waitMs = LOOK_EVERY_MS.first; ; waitMs = Math.min(waitMs * 1.5, LOOK_EVERY_MS.longest)) {
      signal.throwIfAborted();
      const run = await look(runId);
      if (run?.status !== "running") return run;
      await Bun.sleep(waitMs);
    }
  };
  /** @returns the run when it has ended; null when it is gone */
  return (runId: string): Promise<Run | null> => {
    const known = watched.get(runId);
    if (known !== undefined) return known;
    const watching = watch(runId).finally(() => watched.delete(runId));
    watched.set(runId, watching);
    return watching;
  };
}
