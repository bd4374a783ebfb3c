// How long a run may take, in three layers, each later than the one inside: the script ends by itself, the service manager
// ends a script that doesn't, the cluster ends a pod that hangs. Where two of them are equal, a run is killed that was about
// to write its report.
import type { ActivityDefinition } from "./definition.ts";

export interface Deadlines {
  /** The script's `--max-seconds`: nothing new is begun after it. */
  readonly maxSeconds: number;
  /** The unit's TimeoutStartSec. */
  readonly startTimeoutSeconds: number;
  /** The CronJob's activeDeadlineSeconds; scheduling a pod and pulling its image count. */
  readonly activeDeadlineSeconds: number;
  /** How late a run may still be started in the cluster; always shorter than the time between two slots. */
  readonly startingDeadlineSeconds: number;
}

const TO_END_BY_ITSELF_S = 60;
const TO_GET_A_POD_S = 60;
export const STARTING_DEADLINE_S = 120;

export function deadlinesOf({ max_seconds: maxSeconds }: Pick<ActivityDefinition, "max_seconds">): Deadlines {
  const startTimeoutSeconds = maxSeconds + TO_END_BY_ITSELF_S;
  return {
    maxSeconds,
    startTimeoutSeconds,
    activeDeadlineSeconds: startTimeoutSeconds + TO_GET_A_POD_S,
    startingDeadlineSeconds: STARTING_DEADLINE_S,
  };
}

/** So long after its slot a run may still begin, work, and be written down: what came of the slot is known only then. */
export function settledAfterSeconds(definition: Pick<ActivityDefinition, "max_seconds">): number {
  const { startingDeadlineSeconds, activeDeadlineSeconds } = deadlinesOf(definition);
  return startingDeadlineSeconds + activeDeadlineSeconds;
}
