// What the flags of the script ask for when they stand together: two that exclude each other, or one without what it needs, are
// refused before anything is read. (pure)
import { type OpsFailure, usageFailure } from "../../failure.ts";
import type { AskedDrill } from "../drill.ts";
import type { AskedPrune } from "./prune_command.ts";

/** As they were typed. */
export interface DrillFlags {
  readonly encrypt?: string | undefined;
  readonly identity?: string | undefined;
  readonly store?: string | undefined;
  readonly "from-store"?: string | undefined;
  readonly at?: string | undefined;
  readonly database?: string | undefined;
}

/** All but the databases, which are opened elsewhere. @throws OpsFailure (usage) */
export function askedDrill(flags: DrillFlags): Omit<AskedDrill, "live" | "into"> {
  const { store, "from-store": fromStore, encrypt, identity, at, database } = flags;
  if (fromStore !== undefined && (store !== undefined || encrypt !== undefined))
    throw wrongFlag("--from-store", `${store === undefined ? "--encrypt" : "--store"} beside it`, "one of the two");
  if (fromStore === undefined && at !== undefined) throw wrongFlag("--at", "no --from-store", "a store to look in");
  if (fromStore === undefined && database !== undefined)
    throw wrongFlag("--database", "no --from-store", "a store to look in; the live one is that of DATABASE_URL");
  if (encrypt !== undefined && identity === undefined)
    throw wrongFlag("--encrypt", "no --identity", "the key's file as well: a drill opens what it has encrypted");
  return {
    store: fromStore ?? store ?? null,
    at: momentOf(at),
    database: database ?? null,
    recipients: recipientsOf(encrypt),
    identity: identity ?? null,
  };
}

/** `age1...,recipients.txt`: each is looked at by readRecipients(). */
export function recipientsOf(encrypt: string | undefined): string[] {
  return (encrypt ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** As they were typed. */
export interface PruneFlags {
  readonly "keep-last"?: number | undefined;
  readonly "keep-days"?: number | undefined;
  readonly plan?: string | undefined;
  readonly apply?: string | undefined;
}

/** A plan says what is kept, so that it is not said again when it is applied. @throws OpsFailure (usage) */
export function askedPrune({ "keep-last": last, "keep-days": days, plan, apply }: PruneFlags): AskedPrune {
  const saysWhatToKeep = last !== undefined || days !== undefined;
  if (plan !== undefined && apply !== undefined) throw wrongFlag("--plan", "--apply beside it", "one of the two");
  if (apply !== undefined && saysWhatToKeep)
    throw wrongFlag("--apply", "--keep-last or --keep-days beside it", "what is kept stands in the plan");
  if (apply === undefined && !saysWhatToKeep)
    throw wrongFlag("prune", "neither --keep-last nor --keep-days", "what is to be kept");
  return { keep: { last: last ?? null, days: days ?? null }, plan: plan ?? null, apply: apply ?? null };
}

/** ISO 8601 with its zone: a moment that two people would read in two ways is refused. */
function momentOf(at: string | undefined): Date | null {
  if (at === undefined) return null;
  const moment = new Date(at);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(at) && !Number.isNaN(moment.getTime()))
    return moment;
  throw wrongFlag("--at", at, "ISO 8601 with its zone, such as 2026-11-21T06:00:00Z");
}

function wrongFlag(flag: string, observed: string, expected: string): OpsFailure {
  return usageFailure(`Could not use ${flag}`, { observed, expected, hint: "scripts/backup_restore_drill.ts --help" });
}
