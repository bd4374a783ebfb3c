// The word to the hub when all is done. A hub that is away, or refuses, spoils nothing of what was done: it is said, and that is all.
import { databaseFailure } from "../../db/database_failure.ts";
import { describeFailure } from "../../failure.ts";
import type { Secret } from "../../secret.ts";
import type { HubPart } from "../hub_part.ts";
import { type DrillEvent, recordEvent } from "./record_event.ts";

/**
 * @param url of the hub's database; null: there is none that runs
 * @returns a remark: why the hub knows nothing of it; null when it does
 */
export async function tellHub(
  url: () => Promise<Secret | null>,
  event: DrillEvent,
  hub: HubPart,
): Promise<string | null> {
  const why = await reasonNotTold(url, event, hub);
  return why === null ? null : `No progress event was recorded: ${why}`;
}

async function reasonNotTold(
  url: () => Promise<Secret | null>,
  event: DrillEvent,
  hub: HubPart,
): Promise<string | null> {
  try {
    const database = await url();
    if (database === null) return "DATABASE_URL names no State Hub that runs";
    const told = await recordEvent(database, event, hub);
    return told.recorded ? null : told.why;
  } catch (error) {
    return describeFailure(databaseFailure("Could not write it", error));
  }
}
