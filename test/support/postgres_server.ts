// One throwaway PostgreSQL for the whole test run, started when a test first asks, and a database of its own for
// whoever needs one. Real, because a mock agrees with whatever the code under test believes.
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { environmentForPrograms } from "../../lib/config.ts";
import type { EmbeddedServer } from "../../lib/postgres/ready_server.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { probe, removeHome, removeHomeAtOnce, removeHomesOfDeadRuns, temporaryHome } from "./embedded_home.ts";

export interface FreshDatabase {
  /** With its password: for the code under test, not for printing. */
  readonly url: string;
  readonly name: string;
  /** Ends its connections too. */
  drop(): Promise<void>;
}

/** A database filled once per test run and copied from then on: migrations run once, not once per test. */
export interface Template {
  readonly name: string;
  /** Must have closed its connections when it resolves: PostgreSQL copies no database that is in use. */
  readonly fill: (url: string) => Promise<void>;
}

let server: Promise<EmbeddedServer> | undefined;
const templates = new Map<string, Promise<string>>();

/** The run's server, started by the first caller; its databases belong to whoever made them. */
export function testServer(): Promise<EmbeddedServer> {
  server ??= startTestServer();
  return server;
}

/** An empty database, or a copy of the template. Drop it, or leave it: the whole server goes when the run ends. */
export async function freshDatabase(template?: Template): Promise<FreshDatabase> {
  const source = template === undefined ? "template0" : await filled(template);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await createFrom(name, source);
  return { name, url: await urlOf(name), drop: () => asOwner((sql) => sql`drop database ${sql(name)} with (force)`) };
}

async function startTestServer(): Promise<EmbeddedServer> {
  await removeHomesOfDeadRuns();
  const home = temporaryHome();
  whenTestsEnd(
    () => removeHome(home),
    () => removeHomeAtOnce(home),
  );
  return startEmbedded({ home, env: environmentForPrograms(), connect: probe });
}

function filled(template: Template): Promise<string> {
  const known = templates.get(template.name);
  if (known !== undefined) return known;
  const made = (async () => {
    const name = `template_${template.name}`;
    await createFrom(name, "template0");
    await template.fill(await urlOf(name));
    return name;
  })();
  templates.set(template.name, made);
  return made;
}

async function createFrom(name: string, source: string): Promise<void> {
  await asOwner((sql) => sql`create database ${sql(name)} template ${sql(source)}`);
}

async function urlOf(database: string): Promise<string> {
  const url = new URL((await testServer()).url.reveal());
  url.pathname = `/${database}`;
  return url.toString();
}

async function asOwner(work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres((await testServer()).url.reveal(), { max: 1, onnotice: () => {} });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
