// Brings the schema up to the newest numbered SQL file, all files in one transaction: a database is at one version or
// at the next, never between. Two runs at once queue behind an advisory lock; a database from the future is refused.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import type { Database } from "./connect.ts";
import { errorCode } from "./database_failure.ts";
import type { Reader, Transaction } from "./handles.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

export interface MigrationStatus {
  readonly version: number;
  readonly name: string;
  readonly state: "applied" | "pending" | "changed since applied" | "unknown here";
  /** ISO 8601, null while pending. */
  readonly applied_at: string | null;
}

interface AppliedRow {
  version: number;
  name: string;
  sha256: string;
  applied_at: Date;
}

const FOLDER = join(import.meta.dir, "migrations");
// Any number, the same for every release: the key of pg_advisory_xact_lock that serialises migrations.
const LOCK_KEY = 7_305_001;
// For one statement of a migration, and for another run's migration to end.
const PATIENCE_MS = 30 * 60_000;

/** The newest version that this checkout knows, from file names alone: cheap enough for every start. */
export function newestVersion(folder = FOLDER): number {
  return Math.max(0, ...migrationFiles(folder).map((file) => Number(file.slice(0, 4))));
}

/** The migrations of this checkout, oldest first. */
export function readMigrations(folder = FOLDER): Migration[] {
  return migrationFiles(folder).map((file) => {
    const sql = readFileSync(join(folder, file), "utf8");
    const sha256 = createHash("sha256").update(sql).digest("hex");
    return { version: Number(file.slice(0, 4)), name: file.slice(5, -4), sha256, sql };
  });
}

/** Applied, pending and unknown migrations, oldest first. Writes nothing. */
export async function migrationStatus(sql: Reader, migrations = readMigrations()): Promise<MigrationStatus[]> {
  return describe(migrations, await appliedMigrations(sql));
}

/**
 * Applies what is pending.
 * @returns the status afterwards (of a dry run: as it stays) and the versions that this call applied, or would
 * @throws OpsFailure when the database is newer than this checkout, or a file was changed after it was applied
 */
export async function migrate(
  database: Database,
  options: { dryRun?: boolean; migrations?: Migration[] } = {},
): Promise<{ applied: number[]; status: MigrationStatus[] }> {
  const migrations = options.migrations ?? readMigrations();
  return database.transaction(
    async (tx) => {
      await tx`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`;
      await tx`select pg_advisory_xact_lock(${LOCK_KEY})`;
      await refuseForeign(tx);
      await tx`create table if not exists schema_migrations (
        version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`;
      const before = describe(migrations, await appliedMigrations(tx));
      refuseUnknown(before);
      const pending = migrations.filter(({ version }) =>
        before.some((row) => row.version === version && row.state === "pending"),
      );
      for (const { version, name, sha256, sql } of pending) {
        await tx.unsafe(sql).simple();
        await tx`insert into schema_migrations (version, name, sha256) values (${version}, ${name}, ${sha256})`;
      }
      return {
        applied: pending.map(({ version }) => version),
        status: options.dryRun ? before : describe(migrations, await appliedMigrations(tx)),
      };
    },
    { rollBack: options.dryRun ?? false, answerWithinMs: PATIENCE_MS },
  );
}

/**
 * Compares the database's schema with this checkout's.
 * @returns `ready`; `behind` when migrations are pending; `empty` when it holds no State Hub at all
 * @throws OpsFailure when the database is newer than this checkout, or was made by another one's version of a migration
 */
export async function schemaState(sql: Reader, migrations = readMigrations()): Promise<"ready" | "behind" | "empty"> {
  const applied = await appliedRows(sql);
  if (applied === null) return "empty";
  const status = describe(migrations, applied);
  refuseUnknown(status);
  return status.some(({ state }) => state === "pending") ? "behind" : "ready";
}

/** @throws OpsFailure that names the command to type, unless the schema is the one this checkout was written for */
export async function requireSchema(sql: Reader): Promise<void> {
  const state = await schemaState(sql);
  if (state === "ready") return;
  throw new OpsFailure("Could not use the State Hub database", {
    observed: state === "empty" ? "it holds no State Hub" : "its schema is older than this toolkit",
    expected: `schema version ${newestVersion()}`,
    hint: "scripts/state_hub.ts migrate",
  });
}

function migrationFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort();
}

async function appliedMigrations(sql: Reader): Promise<AppliedRow[]> {
  const [known] = await sql<{ there: boolean }[]>`select to_regclass('schema_migrations') is not null as there`;
  return known?.there ? selectApplied(sql) : [];
}

/** One round trip, as every run's first question; null where the table is not there. Not for use in a transaction. */
async function appliedRows(sql: Reader): Promise<AppliedRow[] | null> {
  try {
    return await selectApplied(sql);
  } catch (error) {
    if (errorCode(error) !== UNDEFINED_TABLE) throw error;
    return null;
  }
}

// PostgreSQL, appendix A.
const UNDEFINED_TABLE = "42P01";

function selectApplied(sql: Reader) {
  return sql<AppliedRow[]>`select version, name, sha256, applied_at from schema_migrations order by version`;
}

/** Somebody else's database must not get our tables because a URL was wrong. */
async function refuseForeign(tx: Transaction): Promise<void> {
  const [other] = await tx<{ name: string | null }[]>`
    select min(table_name) as name from information_schema.tables
    where table_schema = current_schema() and to_regclass('schema_migrations') is null`;
  if (!other?.name) return;
  throw new OpsFailure("Could not make a State Hub in this database", {
    observed: `it holds tables of something else, such as ${other.name}`,
    expected: "a database of its own",
    hint: "createdb state_hub",
  });
}

function describe(migrations: readonly Migration[], applied: readonly AppliedRow[]): MigrationStatus[] {
  const known = migrations.map(({ version, name, sha256 }): MigrationStatus => {
    const row = applied.find((each) => each.version === version);
    const state = row === undefined ? "pending" : row.sha256 === sha256 ? "applied" : "changed since applied";
    return { version, name, state, applied_at: row?.applied_at.toISOString() ?? null };
  });
  const unknown = applied
    .filter(({ version }) => !migrations.some((each) => each.version === version))
    .map(
      (row): MigrationStatus => ({
        version: row.version,
        name: row.name,
        state: "unknown here",
        applied_at: row.applied_at.toISOString(),
      }),
    );
  return [...known, ...unknown].sort((left, right) => left.version - right.version);
}

function refuseUnknown(status: readonly MigrationStatus[]): void {
  const newest = status.findLast((row) => row.state !== "unknown here")?.version ?? 0;
  const unknown = status.find((row) => row.state === "unknown here");
  if (unknown) throw newerDatabase(unknown.version, newest);
  const changed = status.find((row) => row.state === "changed since applied");
  if (!changed) return;
  throw new OpsFailure("Could not use the State Hub database", {
    observed: `its schema version ${changed.version} was made by another toolkit's migration ${changed.version}`,
    expected: "this toolkit's: an applied migration is never changed, a change is a new file",
    where: `lib/db/migrations/${String(changed.version).padStart(4, "0")}_${changed.name}.sql`,
    hint: "git log --oneline -- lib/db/migrations",
  });
}

function newerDatabase(version: number, newest: number): OpsFailure {
  return new OpsFailure("Could not use the State Hub database", {
    observed: `its schema is version ${version}`,
    expected: `at most ${newest}, which is what this toolkit knows`,
    hint: "git pull && npm ci",
  });
}
