// Tells the State Hub what a run came to: who looks at the hub sees that a machine was added, or that a runbook failed,
// without the machine's files.
import { openDatabase } from "../../db/connect.ts";
import { addProgressEvent } from "../../db/progress_event.ts";
import { describeFailure } from "../../failure.ts";
import type { Secret } from "../../secret.ts";
import { within } from "../../within.ts";

export interface RunEvent {
  readonly summary: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const DEADLINE_MS = 10_000;

/**
 * @param url the hub's database, or how to find it
 * @returns why it was not recorded; null when it was. Never throws: the run is over, and stands in its transcript.
 */
export async function recordRun(url: () => Promise<Secret | null>, event: RunEvent): Promise<string | null> {
  const recorded = async () => {
    const found = await url();
    if (found === null) return "DATABASE_URL is not set, or its server does not run";
    await insert(found, event);
    return null;
  };
  const told = recorded().catch((error: unknown) => describeFailure(error));
  return within(told, DEADLINE_MS, `the State Hub's database did not answer within ${DEADLINE_MS / 1000} s`);
}

async function insert(url: Secret, event: RunEvent): Promise<void> {
  const database = await openDatabase({ url, applicationName: "runbook", access: "read-write" });
  try {
    await database.transaction((tx) => addProgressEvent(tx, { type: "runbook_run", source: "runbook", ...event }));
  } finally {
    await database.close();
  }
}
