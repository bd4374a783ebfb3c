// Rows that a standby does not have: unlogged tables are empty there, whatever the primary holds, so that a backup of a standby
// has none of them and still looks equal to its source. (pure)
import { listed } from "../../postgres/inventory/inventory_types.ts";
import type { NotCompared } from "../evidence/report.ts";
import type { Facts } from "../source/facts.ts";

/** @returns nothing, unless the source is a standby */
export function unloggedOnStandby({ source, inventory }: Pick<Facts, "source" | "inventory">): NotCompared[] {
  if (!source.standby) return [];
  const reason = "the source is a standby, which has none of its rows: ask the primary";
  return Object.entries(listed(inventory, "relation"))
    .filter(([, { kind, persistence }]) => kind === "table" && persistence === "unlogged")
    .map(([object]) => ({ what: `unlogged table ${object}`, reason, may_pass: false }));
}
