// A live server of its own for faults of the drill: it may be crashed, locked and looked into without harm to other tests.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DisposableServer } from "../../lib/postgres/disposable/start_disposable.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { asked, disposable, folderForServers, removeFolderForServers } from "./disposable_server.ts";

export interface LiveServer {
  /** Of its superuser unless said otherwise. */
  urlOf(database: string, login?: { readonly user: string; readonly password: string }): string;
  /** One session, one statement after the other. @returns the rows of the last */
  ask<T extends object>(database: string, ...statements: readonly string[]): Promise<T[]>;
  /** Runs a statement in a transaction, tells, and ends it when it is told. */
  holding(database: string, statement: string, held: () => void, until: Promise<void>): Promise<void>;
  /** A new database with some megabytes that do not compress, so that programs are at work for a moment. */
  filled(database: string, rows?: number): Promise<string>;
  /** Ends all its sessions at once, by the death of one of its own processes; resolves when it is up again. */
  crash(): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

export async function liveServer(): Promise<LiveServer> {
  const folder = folderForServers();
  const server = await disposable(folder);
  // A disposable server stays down, to tell; one that lives does not.
  await askedOf(server, "template1", ["alter system set restart_after_crash = on", "select pg_reload_conf()"]);
  const ask = <T extends object>(database: string, ...statements: readonly string[]) =>
    askedOf<T>(server, database, statements);
  return {
    urlOf: (database, login) => urlOf(server, database, login),
    ask,
    filled: async (database, rows = 15_000) => {
      await ask("template1", `create database ${database} template template0`);
      await ask(database, ...filling(rows));
      return urlOf(server, database);
    },
    holding: (database, statement, held, until) =>
      asked(server.urlOf(database), async (query) => {
        for (const each of ["begin", statement]) await query(each);
        held();
        await until;
        await query("rollback");
      }),
    crash: () => crash(ask),
    log: () => logOf(server),
    stop: async () => {
      await server.stop();
      await removeFolderForServers(folder);
    },
  };
}

/** A key, a sequence, a large object: each program has something of its kind to do. */
function filling(rows: number): readonly string[] {
  return [
    "create schema garden",
    "create table garden.notes (id bigserial primary key, body text not null)",
    `insert into garden.notes (body)
       select (select string_agg(md5(g::text || '-' || i), '') from generate_series(1, 12) i) from generate_series(1, ${rows}) g`,
    "create index on garden.notes (md5(body))",
    "create table garden.beds (name text primary key, notes bigint references garden.notes)",
    "insert into garden.beds values ('north', 1), ('south', 2)",
    "select lo_from_bytea(0, 'a large object')",
  ];
}

async function crash(ask: LiveServer["ask"]): Promise<void> {
  const started = () => ask<{ pid: number }>("template1", STARTED);
  const [before] = await started();
  if (before === undefined) throw new Error("no background writer");
  process.kill(before.pid, "SIGKILL");
  await waitUntil({ forWhat: "the live server to be back", deadlineMs: 20_000 }, async () => {
    const [now] = await started().catch(() => []);
    return now !== undefined && now.pid !== before.pid ? { found: now } : { seen: "it is not" };
  });
}

const STARTED = "select pid from pg_stat_activity where backend_type = 'background writer'";

function urlOf(server: DisposableServer, database: string, login?: { user: string; password: string }): string {
  const url = new URL(server.urlOf(database).reveal());
  if (login !== undefined) [url.username, url.password] = [login.user, login.password];
  return url.href;
}

function askedOf<T extends object>(
  server: DisposableServer,
  database: string,
  statements: readonly string[],
): Promise<T[]> {
  return asked(server.urlOf(database), async (query) => {
    let rows: T[] = [];
    for (const statement of statements) rows = await query<T>(statement);
    return rows;
  });
}

function logOf({ dataDirectory }: DisposableServer): string {
  const file = join(dataDirectory, "log", "postgresql.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
