// Flags that only a sweep of all remotes has: any other run leaves no row that could be skipped, or found by its name.
import { z } from "zod";
import type { Database } from "../../db/connect.ts";
import { type OpsFailure, usageFailure } from "../../failure.ts";

export interface ScheduledFlags {
  readonly all: boolean;
  readonly remote: boolean;
  readonly "dry-run": boolean;
  readonly plan?: string | undefined;
  readonly apply?: string | undefined;
  readonly requires?: string | undefined;
  readonly "requires-within"?: number | undefined;
  readonly via?: string | undefined;
  readonly "run-id"?: string | undefined;
}

/**
 * What the run is to be called, in lower case; undefined: anything.
 * @throws OpsFailure (usage) for a name that is no UUID, where --run-id or --requires is given to any other run, and
 * --requires-within without a hub to ask
 */
export function runIdOf(flags: ScheduledFlags): string | undefined {
  const { all, remote, plan, apply, requires, via, "run-id": runId } = flags;
  if (flags["requires-within"] !== undefined && (requires === undefined || via === undefined))
    throw refused("--requires-within alone", {
      expected: "--requires and --via beside it",
      hint: "scripts/consistency_check.ts --help",
    });
  if (runId === undefined && requires === undefined) return undefined;
  if (!all || !remote || flags["dry-run"] || plan !== undefined || apply !== undefined)
    throw refused(`${runId === undefined ? "--requires" : "--run-id"} with a run that is no sweep of all remotes`, {
      expected: "--remote --all, and neither --dry-run, --plan nor --apply",
      hint: "scripts/consistency_check.ts --help",
    });
  if (runId === undefined) return undefined;
  const read = z.uuid().safeParse(runId.toLowerCase());
  if (read.success) return read.data;
  throw refused(`--run-id ${runId}`, { expected: "a UUID", hint: "uuidgen" });
}

/**
 * Opens the hub for a run that has been given its name.
 * @throws OpsFailure (usage) when a run of that name has left its row already: this one's would be lost
 */
export async function openForNamed(open: () => Promise<Database>, runId: string): Promise<Database> {
  const database = await open();
  try {
    const known = await database.sql`select from progress_events where id = ${runId}`;
    if (known.length === 0) return database;
    throw refused(`--run-id ${runId}, which another run has`, { expected: "a new UUID", hint: "uuidgen" });
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

function refused(observed: string, advice: { readonly expected: string; readonly hint: string }): OpsFailure {
  return usageFailure("Could not use these arguments", { observed, ...advice });
}
