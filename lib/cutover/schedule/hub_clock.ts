// The one clock by which slots are counted: the database's. A workstation that slept may be hours behind.
import type { Reader } from "../../db/handles.ts";

export async function hubClock(sql: Reader): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select clock_timestamp() as now`;
  if (row === undefined) throw new Error("a select without from gave no row");
  return row.now;
}

/** The hub's identity, as its database has it. */
export async function hubInstance(sql: Reader): Promise<string> {
  const [row] = await sql<{ instance_id: string }[]>`select instance_id from hub_instance`;
  return row?.instance_id ?? "none";
}
