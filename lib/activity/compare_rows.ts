// Whether the hub's table says what the definitions say. Where it doesn't, runs are filed under the slots of a schedule that
// nobody has any more. (pure)
import { canonical } from "../canonical.ts";
import type { DefinitionRow } from "./definition_rows.ts";
import { type Difference, SYNC } from "./difference.ts";
import type { Definitions, FiledDefinition } from "./read_definitions.ts";

/** null when its row says the same; else that it has none, or the first key that differs, in the order of the files' keys. */
export function rowDifference(definition: FiledDefinition, rows: readonly DefinitionRow[]): Difference | null {
  const row = rows.find(({ id }) => id === definition.uuid);
  const about = { where: `activity_definitions, ${definition.name}`, definition: definition.id, remedy: SYNC };
  if (row === undefined) return { ...about, kind: "missing", has: null, wants: "a row" };
  const wants = columnsOf(definition);
  const has: Readonly<Record<string, unknown>> = { ...asRecord(row.definition), ...inColumns(row) };
  const key = [...new Set([...Object.keys(wants), ...Object.keys(has)])].find(
    (each) => canonical(has[each]) !== canonical(wants[each]),
  );
  if (key === undefined) return null;
  return { ...about, kind: "differs", has: said(key, has[key]), wants: said(key, wants[key]) };
}

/** Of each definition that differs, and of each enabled row that has no file any more. */
export function compareRows(files: Definitions, rows: readonly DefinitionRow[]): Difference[] {
  return [
    ...files.definitions.flatMap((definition) => rowDifference(definition, rows) ?? []),
    ...rowsWithoutFile(rows, files).map(
      ({ id, name }): Difference => ({
        where: `activity_definitions, ${name}`,
        definition: null,
        kind: "left_over",
        has: `${id}, enabled`,
        wants: "not enabled: it has no file",
        remedy: SYNC,
      }),
    ),
  ];
}

/** Enabled rows that no file stands behind. As long as a file is broken, any row may be its own, and all are left alone. */
export function rowsWithoutFile(
  rows: readonly DefinitionRow[],
  { definitions, problems }: Definitions,
): DefinitionRow[] {
  const known = new Set(definitions.map(({ uuid }) => uuid));
  return problems.length > 0 ? [] : rows.filter(({ id, enabled }) => enabled && !known.has(id));
}

function columnsOf({ file: _file, digest, ...definition }: FiledDefinition): Readonly<Record<string, unknown>> {
  return { ...definition, ...inColumns({ ...definition, digest }) };
}

/** What stands in the table beside the definition, and must say the same. */
function inColumns({ name, enabled, digest }: Pick<DefinitionRow, "name" | "enabled" | "digest">) {
  return { "column name": name, "column enabled": enabled, "column digest": digest };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { definition: value };
}

function said(key: string, value: unknown): string {
  return value === undefined ? `no ${key}` : `${key}: ${canonical(value)}`;
}
