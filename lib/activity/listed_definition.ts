// One definition as a list shows it: when it is due next, and whether the hub's table has it as its file does.
import { cronGrid } from "../schedule/cron_grid.ts";
import type { TableSight } from "./check_definitions.ts";
import { rowDifference } from "./compare_rows.ts";
import { cronOf, unitNameOf } from "./definition.ts";
import type { DefinitionRow } from "./definition_rows.ts";
import type { FiledDefinition } from "./read_definitions.ts";

export interface ListedDefinition extends FiledDefinition {
  /** Name of its units and its CronJob; null for one that an event triggers. */
  readonly unit: string | null;
  /** ISO 8601. */
  readonly next_slot: string | null;
  readonly in_hub: "same" | "differs" | "missing" | "not asked";
}

/** @param now what the next slot is reckoned from */
export function listedOf(definition: FiledDefinition, table: TableSight, now: Date): ListedDefinition {
  const cron = cronOf(definition);
  return {
    ...definition,
    unit: cron === null ? null : unitNameOf(definition),
    next_slot: cron === null ? null : (cronGrid(cron).nextAfter(now)?.toISOString() ?? null),
    in_hub: table.state === "read" ? stateIn(definition, table.rows) : "not asked",
  };
}

function stateIn(definition: FiledDefinition, rows: readonly DefinitionRow[]) {
  const difference = rowDifference(definition, rows);
  return difference === null ? "same" : difference.kind === "missing" ? "missing" : "differs";
}
