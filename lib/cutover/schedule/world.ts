// Where a sweep's schedule may live, and the texts that it is held against. They are given, because a unit's text follows
// from an activity's definition, and the move of a schedule has no business with how.
import type { ClusterDoor } from "../../kubernetes/cluster.ts";
import type { UserManagerDoor } from "../../systemd/user_units.ts";

export interface ScheduleWorld {
  readonly units: UserManagerDoor;
  readonly cluster: ClusterDoor;
  /** "state-hub-consistency-sweep": of the service, the timer and the CronJob. */
  readonly unitName: string;
  /** The toolkit's own systemd/active. */
  readonly unitFolder: string;
  /** The CronJob as k8s/apps has it: apiVersion, kind, metadata, spec. */
  readonly cronJobManifest: Readonly<Record<string, unknown>>;
  /** Where the account's own units stand: ~/.config/systemd/user. */
  readonly installedFolder: string;
}

/** Where the CronJob is, unless another is named. */
export const NAMESPACE = "state-hub";

/** The timer's name on workstations that had it before the toolkit. */
export const OLD_TIMER = "custodian-sync.timer";

/** On the CronJob while timer and CronJob run side by side by intention: since when, ISO 8601. */
export const PARALLEL_SINCE = "state-hub.io/parallel-since";
