// What an outcome may use to show itself to people: a width, colours, tables.
import type { View } from "./define_script.ts";
import { paintFor } from "./paint.ts";
import type { Output } from "./streams.ts";

/** Where no terminal tells its width: a log, a pipe, a pty with 0 columns. */
const DEFAULT_WIDTH = 100;
/** Narrower than this no table can be read; a terminal that claims less gets lines that it wraps itself. */
const MIN_WIDTH = 40;

/** cli-table3 comes with it, so make a view only when there is something to render. */
export async function viewFor(out: Output): Promise<View> {
  const [paint, { renderTable }] = await Promise.all([paintFor(out.colour), import("./table.ts")]);
  const width = widthOf(out.columns());
  return { width, paint, table: (columns, rows) => renderTable({ columns, rows, width, paint, colour: out.colour }) };
}

export function widthOf(columns: number): number {
  return columns > 0 ? Math.max(MIN_WIDTH, columns) : DEFAULT_WIDTH;
}
