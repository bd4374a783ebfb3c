// A snapshot as every part of a drill takes it: with the settings under which two servers print a value alike, and under a name that
// an administrator finds in pg_stat_activity.
import { openSnapshot, type Snapshot } from "../../db/snapshot_sessions.ts";
import { APPLICATION_NAME } from "../../postgres/client/libpq_environment.ts";
import { PINNED_SETTINGS } from "../../postgres/fingerprint/pinned_settings.ts";
import type { Secret } from "../../secret.ts";

interface DrillSnapshot {
  readonly url: Secret;
  readonly sessions: number;
  readonly lockWaitMs: number;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (automation) as openSnapshot() does; the signal's reason */
export function openDrillSnapshot(o: DrillSnapshot): Promise<Snapshot> {
  return openSnapshot({ ...o, applicationName: APPLICATION_NAME, settings: PINNED_SETTINGS });
}
