// A database with one of everything, and a copy of it by the real pg_dump and pg_restore, for the tests of what is compared.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { run } from "../../../../lib/process/run.ts";
import type { Query } from "../../../../lib/query.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";

export interface Room {
  readonly folder: string;
  /** Makes role names this test's own: roles belong to the whole server. */
  readonly id: string;
  remove(): Promise<void>;
}

export function openRoom(): Room {
  const id = randomBytes(4).toString("hex");
  const folder = mkdtempSync(join(tmpdir(), "state-hub-inventory-"));
  return { folder, id, remove: async () => rmSync(folder, { recursive: true }) };
}

/** An SQL file beside this one, with the roles' names made its own. */
export function sceneText(name: string, { id }: Room): string {
  return readFileSync(join(import.meta.dir, name), "utf8").replaceAll("_ID_", id);
}

/** Everything that a database can hold, and the settings that no dump of it holds. */
export async function makeScene(url: string, room: Room): Promise<void> {
  for (const name of ["scene.sql", "scene_settings.sql"]) await execute(url, sceneText(name, room));
}

/** One statement at a time, or a whole script when it has no parameters. */
export async function withQuery<T>(url: string, work: (query: Query) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work((text, parameters = []) => sql.unsafe(text, [...parameters]) as never);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

export async function execute(url: string, script: string): Promise<void> {
  await withQuery(url, (query) => query(script));
}

/** An archive of the database with all its sections. */
export async function dump(url: string, file: string): Promise<string> {
  await program(url, "pg_dump", ["--format=custom", `--file=${file}`]);
  return file;
}

/** An SQL file of its definitions. */
export async function definitionsFile(url: string, file: string): Promise<string> {
  await program(url, "pg_dump", ["--schema-only", `--file=${file}`]);
  return file;
}

/** A new database with what the archive holds. */
export async function restored(archive: string, options: readonly string[] = []): Promise<string> {
  const { url, name } = await freshDatabase();
  await program(url, "pg_restore", ["--exit-on-error", `--dbname=${name}`, ...options, archive]);
  return url;
}

export async function program(url: string, name: string, argv: readonly string[]): Promise<string> {
  const at = new URL(url);
  const env = {
    ...environmentForPrograms(),
    PGHOST: at.hostname,
    PGPORT: at.port,
    PGUSER: decodeURIComponent(at.username),
    PGPASSWORD: decodeURIComponent(at.password),
    PGDATABASE: at.pathname.slice(1),
  };
  const { exitCode, stdout, stderr } = await run([join(await programs(url), name), ...argv], {
    env,
    deadlineMs: 60_000,
  });
  if (exitCode !== 0) throw new Error(`${name} ${argv.join(" ")}: ${stderr}`);
  return stdout;
}

/** Beside the server's own, so that they are of its version. */
async function programs(url: string): Promise<string> {
  const rows = await withQuery(url, (query) =>
    query<{ setting: string }>("select setting from pg_config where name = 'BINDIR'"),
  );
  return rows[0]?.setting ?? "";
}
