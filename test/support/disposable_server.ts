// Disposable servers that tests start, and what is said to them.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../lib/config.ts";
import { endProgramsIn } from "../../lib/postgres/disposable/end_programs.ts";
import { type StartDisposable, startDisposable } from "../../lib/postgres/disposable/start_disposable.ts";
import type { Query } from "../../lib/query.ts";
import type { Secret } from "../../lib/secret.ts";
import { probe } from "./embedded_home.ts";

/** A folder that the server's account can get through. */
export function folderForServers(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `drill-test-${process.pid}-`));
  Bun.spawnSync(["chmod", "711", folder]);
  return folder;
}

/** Also ends what a test that failed left at work in it. */
export async function removeFolderForServers(folder: string): Promise<void> {
  await endProgramsIn({ folder });
  rmSync(folder, { recursive: true, force: true });
}

/** `server` below the folder unless said otherwise. */
export function disposable(folder: string, options: Partial<StartDisposable> = {}) {
  return startDisposable({
    folder: join(folder, "server"),
    major: 15,
    superuser: "postgres",
    env: environmentForPrograms(),
    connect: probe,
    ...options,
  });
}

/** One session for as long as the work takes. */
export async function asked<T>(url: Secret, work: (query: Query) => Promise<T>): Promise<T> {
  // postgres.js takes the name of the database out of a URL as it stands there.
  const database = decodeURIComponent(new URL(url.reveal()).pathname.slice(1));
  const sql = postgres(url.reveal(), { max: 1, database, onnotice: () => {} });
  try {
    return await work((async (text: string, parameters = []) => [
      ...(await sql.unsafe(text, [...parameters])),
    ]) as Query);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
