// Tells the State Hub what a drill or a backup came to, at the time of its database's clock: the gates of a cutover read it there,
// where the clock of a workstation that slept cannot mislead them.
import { type Database, openDatabase } from "../../db/connect.ts";
import { addProgressEvent } from "../../db/progress_event.ts";
import { APPLICATION_NAME } from "../../postgres/client/libpq_environment.ts";
import type { Secret } from "../../secret.ts";
import type { HubPart } from "../hub_part.ts";
import { DRILL } from "./drill_name.ts";

/** A row of `progress_events` to be. */
export interface DrillEvent {
  readonly type: typeof DRILL | "backup";
  readonly summary: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Whether it is there now; else why not. */
type Recorded = { readonly recorded: true } | { readonly recorded: false; readonly why: string };

/**
 * @param url the hub's database; no hub in it, or no answer, is told and is no failure
 * @throws the driver's error when the hub is there and refuses the event
 */
export async function recordEvent(url: Secret, event: DrillEvent, hub: HubPart): Promise<Recorded> {
  const opened = await open(url);
  if (opened === null) return { recorded: false, why: "the State Hub's database does not answer" };
  try {
    if ((await hub.identityOf(opened.sql)) === null) return { recorded: false, why: "the database is no State Hub" };
    await opened.transaction((tx) => addProgressEvent(tx, { source: DRILL, ...event }));
    return { recorded: true };
  } finally {
    await opened.close();
  }
}

async function open(url: Secret): Promise<Database | null> {
  try {
    return await openDatabase({ url, applicationName: APPLICATION_NAME, access: "read-write" });
  } catch {
    return null;
  }
}
