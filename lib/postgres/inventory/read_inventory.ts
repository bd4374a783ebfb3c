// Reads what a database has: one query a kind, whatever the number of tables. Needs no superuser and writes nothing.
import { OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";
import type { Inventory, Listed, State } from "./inventory_types.ts";
import { type InventoryKind, KINDS } from "./kinds.ts";
import { sqlOf } from "./sql_of.ts";

interface ServerRow {
  readonly version: string;
  readonly number: number;
  readonly database: string;
  readonly bootstrap: string;
}

/**
 * @param query one session, best one that holds a snapshot; its search_path is changed while this runs
 * @throws OpsFailure naming the kind that could not be read
 */
export async function readInventory(query: Query): Promise<Inventory> {
  const path = await setSearchPath(query, "pg_catalog");
  try {
    const [server] = await query<ServerRow>(sqlOf("server", 0));
    if (server === undefined) throw new OpsFailure("Could not read the server's version", { observed: "no row" });
    const major = Math.floor(Number(server.number) / 10_000);
    const roles = await oidsOfReferredRoles(query, major);
    const kinds: Record<string, Listed> = {};
    for (const kind of KINDS) {
      if (major >= (kind.from ?? 0)) kinds[kind.kind] = await readKind(query, kind, major, roles);
    }
    return { version: server.version, major, database: server.database, bootstrap: server.bootstrap, kinds };
  } finally {
    // On a session that is lost there is nothing to put back, and the first failure is the one to tell.
    await setSearchPath(query, path).catch(() => {});
  }
}

/** Expressions are printed with or without their schema, by the reader's search_path: both sides must read with one. */
async function setSearchPath(query: Query, path: string): Promise<string> {
  const text = "select current_setting('search_path') as before, set_config('search_path', $1, false)";
  const [row] = await query<{ before: string }>(text, [path]);
  return row?.before ?? "";
}

async function oidsOfReferredRoles(query: Query, major: number): Promise<string> {
  const rows = await query<{ oid: string }>(sqlOf("referred_roles", major));
  return `{${rows.map(({ oid }) => oid).join(",")}}`;
}

async function readKind(query: Query, kind: InventoryKind, major: number, roles: string): Promise<Listed> {
  try {
    const rows = await query<{ object: string; state: string }>(sqlOf(kind.sql, major), kind.ofRoles ? [roles] : []);
    return byObject(rows);
  } catch (cause) {
    throw new OpsFailure("Could not read the inventory", { where: kind.kind, cause });
  }
}

function byObject(rows: readonly { object: string; state: string }[]): Listed {
  const states = new Map<string, State>();
  const ordered = rows.toSorted((a, b) => order(a.object, b.object) || order(a.state, b.state));
  for (const { object, state } of ordered) states.set(freeName(object, states), JSON.parse(state));
  return Object.fromEntries(states);
}

/** Two triggers of foreign keys may go by one name. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} #${number}`;
  return free;
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
