// The hub's table of definitions: what the runs' slots are computed from, and what other programs ask. Only this capability
// writes it.
import type { Reader, Transaction } from "../db/handles.ts";
import type { FiledDefinition } from "./read_definitions.ts";

export interface DefinitionRow {
  /** The definition's uuid. */
  readonly id: string;
  readonly name: string;
  /** As it was written there; not to be believed. */
  readonly definition: unknown;
  readonly enabled: boolean;
  readonly digest: string;
}

/** All of them, by name. */
export async function definitionRows(sql: Reader): Promise<DefinitionRow[]> {
  const rows = await sql<DefinitionRow[]>`
    select id, name, definition, enabled, digest from activity.activity_definitions order by name, id`;
  return rows.map(({ id, name, definition, enabled, digest }) => ({ id, name, definition, enabled, digest }));
}

/** Nobody else writes the table until the transaction ends: two of them at once would each undo the other's half. */
export async function lockDefinitions(tx: Transaction): Promise<void> {
  await tx`lock table activity.activity_definitions in share row exclusive mode`;
}

/**
 * Writes these definitions, new or changed. A name that another row has is taken from it first: two that swap names, and one
 * whose file is gone, would each stop the other.
 */
export async function writeDefinitions(tx: Transaction, definitions: readonly FiledDefinition[]): Promise<void> {
  if (definitions.length === 0) return;
  const rows = JSON.stringify(
    definitions.map(({ file: _file, digest, ...definition }) => ({
      id: definition.uuid,
      name: definition.name,
      definition,
      enabled: definition.enabled,
      digest,
    })),
  );
  await tx`
    update activity.activity_definitions old set name = old.name || ' (' || old.id || ')'
    from jsonb_to_recordset(${rows}::text::jsonb) as new (id uuid, name text)
    where old.name = new.name and old.id <> new.id`;
  await tx`
    insert into activity.activity_definitions as old (id, name, definition, enabled, digest, updated_at)
    select id, name, definition, enabled, digest, now()
    from jsonb_to_recordset(${rows}::text::jsonb)
      as new (id uuid, name text, definition jsonb, enabled boolean, digest text)
    on conflict (id) do update set name = excluded.name, definition = excluded.definition, enabled = excluded.enabled,
      digest = excluded.digest, updated_at = now()`;
}

/** Rows whose file is gone stay, for the sake of their runs, and are not enabled any more. */
export async function disableDefinitions(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx`
    update activity.activity_definitions set enabled = false, updated_at = now()
    where id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb))`;
}
