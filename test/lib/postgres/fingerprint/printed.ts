// Databases filled by plain SQL, and their fingerprints as a drill takes them: in a snapshot, on two sessions.
import postgres from "postgres";
import { openSnapshot, type Snapshot } from "../../../../lib/db/snapshot_sessions.ts";
import { type FingerprintOptions, fingerprint } from "../../../../lib/postgres/fingerprint/fingerprint.ts";
import type { Fingerprint, TableFingerprint } from "../../../../lib/postgres/fingerprint/fingerprint_types.ts";
import { PINNED_SETTINGS } from "../../../../lib/postgres/fingerprint/pinned_settings.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type FreshDatabase, freshDatabase } from "../../../support/postgres_server.ts";

/** Close it. */
export function snapshotOf(url: string, sessions = 2, lockWaitMs = 10_000): Promise<Snapshot> {
  const applicationName = "fingerprint test";
  return openSnapshot({ url: new Secret(url), applicationName, sessions, lockWaitMs, settings: PINNED_SETTINGS });
}

export async function printed(url: string, options?: FingerprintOptions): Promise<Fingerprint> {
  const snapshot = await snapshotOf(url);
  try {
    return await fingerprint(snapshot, options);
  } finally {
    await snapshot.close();
  }
}

export async function tableOf(url: string, name: string): Promise<TableFingerprint> {
  const table = (await printed(url)).tables.find((one) => one.name === name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

/** Runs statements as the owner, each on its own. */
export async function execute(url: string, ...statements: string[]): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    for (const statement of statements) await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

export async function filled(...statements: string[]): Promise<FreshDatabase> {
  const database = await freshDatabase();
  await execute(database.url, ...statements);
  return database;
}
