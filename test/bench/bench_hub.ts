// The benchmark's PostgreSQL: the embedded server in a folder of its own, and State Hubs copied from one migrated
// database, so that each round of a first reconciliation meets an empty one.
import postgres from "postgres";
import { environmentForPrograms, readConfig } from "../../lib/config.ts";
import { type Database, openDatabase, serverDataDirectory } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { embeddedStatus } from "../../lib/postgres/embedded_status.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import type { FleetRepo } from "./fleet.ts";

/** A URL with its password: for programs, not for printing. */
export type HubUrl = string;

/** Must be stopped. */
export class BenchHub {
  readonly version: string;
  readonly #home: string;
  readonly #server: Secret;
  readonly #migrated: HubUrl;
  #made = 0;

  private constructor(home: string, server: Secret, version: string) {
    this.#home = home;
    this.#server = server;
    this.version = version;
    this.#migrated = this.#urlOf("bench_migrated");
  }

  static async start(home: string): Promise<BenchHub> {
    const started = await startEmbedded({ home, env: environmentForPrograms(), connect: serverDataDirectory });
    const hub = new BenchHub(home, started.url, started.version);
    await hub.#asOwner((sql) => sql`create database bench_migrated template template0`);
    await withDatabase(hub.#migrated, (database) => migrate(database));
    return hub;
  }

  /** A migrated hub without rows, or a copy of another one, which nobody may be connected to. */
  async fresh(template: HubUrl = this.#migrated): Promise<HubUrl> {
    const name = `bench_${++this.#made}`;
    const source = new URL(template).pathname.slice(1);
    await this.#asOwner((sql) => sql`create database ${sql(name)} template ${sql(source)}`);
    return this.#urlOf(name);
  }

  /** A hub that knows these checkouts on this host and has not looked into them yet. */
  async knowing(repos: readonly FleetRepo[]): Promise<HubUrl> {
    const url = await this.fresh();
    const rows = JSON.stringify(repos);
    const { host } = readConfig();
    await withDatabase(
      url,
      ({ sql }) => sql`
      with known as (
        insert into repos (slug, root_commits, default_branch)
        select slug, root, 'main' from json_to_recordset(${rows}::text::json) as r(slug text, root text) returning id, slug
      )
      insert into repo_checkouts (host, path, repo_id)
      select ${host}, r.path, known.id from json_to_recordset(${rows}::text::json) as r(slug text, path text) join known using (slug)`,
    );
    return url;
  }

  async drop(url: HubUrl): Promise<void> {
    await this.#asOwner((sql) => sql`drop database ${sql(new URL(url).pathname.slice(1))} with (force)`);
  }

  async stop(): Promise<void> {
    await stopEmbedded({ home: this.#home, env: environmentForPrograms() });
  }

  #urlOf(database: string): HubUrl {
    const url = new URL(this.#server.reveal());
    url.pathname = `/${database}`;
    return url.toString();
  }

  async #asOwner(work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
    const sql = postgres(this.#server.reveal(), { max: 1, onnotice: () => {} });
    try {
      await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  }
}

/** Ends the server of a home without waiting: for a run that is interrupted and whose home goes away. */
export function killServerOf(home: string): void {
  const { pid } = embeddedStatus({ home });
  if (pid !== null) process.kill(pid, "SIGQUIT");
}

export function openHubAt(url: HubUrl): Promise<Database> {
  return openDatabase({ url: new Secret(url), applicationName: "state-hub-bench", access: "read-write" });
}

export async function withDatabase<T>(url: HubUrl, work: (database: Database) => PromiseLike<T>): Promise<T> {
  const database = await openHubAt(url);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
