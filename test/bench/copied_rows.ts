// The yardstick of a first reconciliation: the rows that it leaves, in PostgreSQL's own COPY format, loaded into another
// hub by one COPY a table. Nothing can put the same rows into the same tables by SQL much sooner.
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Sql, Transaction } from "../../lib/db/handles.ts";

/** A table's rows as COPY text; tables in an order that their foreign keys accept. */
export type CopiedRows = readonly { readonly table: string; readonly rows: Buffer }[];

const TABLES = [
  "domains",
  "topics",
  "repos",
  "repo_checkouts",
  "workstreams",
  "tasks",
  "dependencies",
  "workplan_files",
  "sync_base",
  "conflicts",
  "findings",
  "writeback_intents",
  "repo_passes",
  "progress_events",
];

/**
 * By files that the server writes: the driver's own stream of COPY TO leaves its connection unusable.
 * @param folder one that does not exist yet, on the server's machine
 * @throws Error when a table that is not in the list has rows: the yardstick would be too short
 */
export async function copyOut(sql: Sql, folder: string): Promise<CopiedRows> {
  mkdirSync(folder);
  // The server may run under another account.
  chmodSync(folder, 0o777);
  const copied: { table: string; rows: Buffer }[] = [];
  for (const table of await tablesWithRows(sql)) {
    const file = join(folder, table);
    await sql.unsafe(`copy ${table} to '${file}'`);
    copied.push({ table, rows: readFileSync(file) });
  }
  return copied;
}

export async function copyIn(sql: Sql | Transaction, copied: CopiedRows): Promise<void> {
  for (const { table, rows } of copied) {
    await pipeline(Readable.from([rows]), await sql`copy ${sql(table)} from stdin`.writable());
  }
}

async function tablesWithRows(sql: Sql): Promise<string[]> {
  // A migrated hub is born with these.
  const born = new Set(["schema_migrations", "hub_instance"]);
  const all = await sql<
    { name: string }[]
  >`select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('public', 'activity')`;
  const filled: string[] = [];
  for (const { name } of all) {
    if (born.has(name) || name.startsWith("activity_")) continue;
    const [row] = await sql<{ any: boolean }[]>`select exists (select from ${sql(name)}) as any`;
    if (row?.any) filled.push(name);
  }
  const unknown = filled.filter((name) => !TABLES.includes(name));
  if (unknown.length > 0) throw new Error(`the benchmark does not know how to copy ${unknown.join(", ")}`);
  return TABLES.filter((name) => filled.includes(name));
}
