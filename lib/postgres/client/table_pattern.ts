// A table's name as the pattern that pg_dump takes: there `*`, `?` and `.` outside of quotes choose other tables, and
// upper case is folded. A pattern that matches one table too many or too few loses rows or doubles them.
import { OpsFailure } from "../../failure.ts";

const PART = `"(?:[^"]|"")+"|[^".]+`;
const NAME = new RegExp(`^(${PART})\\.(${PART})$`, "s");

/**
 * @param name schema and table as SQL has them, quoted where needed: `public.tasks`, `public."Mixed.Name"`
 * @returns both without their quotes
 * @throws OpsFailure for a name without its schema
 */
export function partsOfName(name: string): readonly [schema: string, table: string] {
  const [, schema, table] = NAME.exec(name) ?? [];
  if (schema !== undefined && table !== undefined) return [unquoted(schema), unquoted(table)];
  throw new OpsFailure("Could not read the name of a table", {
    observed: name,
    expected: 'schema.table or "Sche.ma"."ta""ble"',
  });
}

/** Matches this table and nothing else. */
export function tablePattern(name: string): string {
  return partsOfName(name)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}
