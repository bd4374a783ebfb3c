// The slot that a run belongs to: the newest moment of its activity's schedule at or before it fired, by the database's
// clock. Two schedules are compared slot by slot, so that both must be filed by one grid: the hub's, where it has one.
import type { Transaction } from "../db/handles.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { cronGrid } from "../schedule/cron_grid.ts";
import { cronOf } from "./definition.ts";

export interface Firing {
  readonly definitionId: string;
  /** ISO 8601; null for a run that ends now, and lasted so long. */
  readonly firedAt: string | null;
  readonly lastedMs: number | null;
}

export interface Slot {
  /** ISO 8601; null when no schedule could be read, or none has such a slot. */
  readonly slot: string | null;
  /** Why it is not the slot of the hub's own schedule; null where all is as it should be. */
  readonly note: string | null;
}

interface Row {
  readonly fired_ms: number;
  readonly is_synced: boolean;
  readonly cron: string | null;
}

/** Never throws for a definition that is broken: the run is told all the same, with a note. */
export async function slotOfRun(tx: Transaction, { definitionId, firedAt, lastedMs }: Firing): Promise<Slot> {
  const [row] = await tx<Row[]>`
    select (extract(epoch from coalesce(${firedAt}::text::timestamptz, now() - ${lastedMs}::float8 * interval '1 ms')) * 1000)::float8 as fired_ms,
      d.id is not null as is_synced, d.definition #>> '{trigger,cron}' as cron
    from (select) as one left join activity.activity_definitions d on d.id = ${definitionId}::uuid`;
  if (row === undefined) throw new Error("a left join of one row gave none");
  const fired = new Date(Math.floor(row.fired_ms));
  if (!row.is_synced) return shippedSlot(definitionId, fired, null);
  if (row.cron === null) return { slot: null, note: "its definition in the hub has no schedule" };
  try {
    return { slot: slotIn(row.cron, fired), note: null };
  } catch (error) {
    return shippedSlot(definitionId, fired, `its schedule in the hub cannot be read: ${describeFailure(error)}`);
  }
}

/** By the toolkit's own file, whose reader is loaded where it is needed alone. */
async function shippedSlot(definitionId: string, fired: Date, note: string | null): Promise<Slot> {
  try {
    const { shippedDefinition } = await import("./shipped_definitions.ts");
    const cron = cronOf(shippedDefinition(definitionId));
    if (cron === null) throw new OpsFailure("Could not find a schedule in the activity's definition");
    return { slot: slotIn(cron, fired), note };
  } catch (error) {
    return { slot: null, note: [note, describeFailure(error)].filter((each) => each !== null).join("; ") };
  }
}

function slotIn(cron: string, fired: Date): string | null {
  return cronGrid(cron).slotAt(fired)?.toISOString() ?? null;
}
