// Brings the hub's table to what the definitions say, in one transaction: a run that is filed meanwhile sees all of it or
// nothing.
import type { Database } from "../db/connect.ts";
import { rowDifference, rowsWithoutFile } from "./compare_rows.ts";
import {
  type DefinitionRow,
  definitionRows,
  disableDefinitions,
  lockDefinitions,
  writeDefinitions,
} from "./definition_rows.ts";
import type { Difference } from "./difference.ts";
import { type Definitions, requireDefinitions } from "./read_definitions.ts";

export interface SyncedRow {
  /** The definition's uuid. */
  readonly uuid: string;
  readonly name: string;
  /** Also of a dry run, which would. */
  readonly did: "added" | "changed" | "disabled" | "same";
  /** What the row said before, where it changed. */
  readonly difference: Difference | null;
}

/** @throws OpsFailure for a folder without any definition, nothing being changed then; the database's own error */
export async function syncDefinitions(
  database: Database,
  definitions: Definitions,
  { dryRun }: { readonly dryRun: boolean },
): Promise<SyncedRow[]> {
  requireDefinitions(definitions);
  if (dryRun) return outcomeOf(definitions, await definitionRows(database.sql));
  return database.transaction(async (tx) => {
    await lockDefinitions(tx);
    const synced = outcomeOf(definitions, await definitionRows(tx));
    const uuidsOf = (...did: readonly SyncedRow["did"][]) =>
      synced.filter((row) => did.includes(row.did)).map(({ uuid }) => uuid);
    const stale = new Set(uuidsOf("added", "changed"));
    await disableDefinitions(tx, uuidsOf("disabled"));
    await writeDefinitions(
      tx,
      definitions.definitions.filter(({ uuid }) => stale.has(uuid)),
    );
    return synced;
  });
}

function outcomeOf(definitions: Definitions, rows: readonly DefinitionRow[]): SyncedRow[] {
  const filed = definitions.definitions.map((definition): SyncedRow => {
    const difference = rowDifference(definition, rows);
    const { uuid, name } = definition;
    if (difference === null) return { uuid, name, did: "same", difference };
    return difference.kind === "missing"
      ? { uuid, name, did: "added", difference: null }
      : { uuid, name, did: "changed", difference };
  });
  const gone = rowsWithoutFile(rows, definitions).map(
    ({ id, name }): SyncedRow => ({ uuid: id, name, did: "disabled", difference: null }),
  );
  return [...filed, ...gone];
}
