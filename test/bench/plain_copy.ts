// What a drill is held against: the same programs with the same options and nothing around them, no snapshot shared, no row
// compared.
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { openSnapshot } from "../../lib/db/snapshot_sessions.ts";
import { disposableTarget, startServer } from "../../lib/drill/copy/disposable_target.ts";
import { type LiveSource, openLiveSource } from "../../lib/drill/source/live_source.ts";
import { libpqEnvironment } from "../../lib/postgres/client/libpq_environment.ts";
import { readDatabaseLocale } from "../../lib/postgres/disposable/database_locale.ts";
import { PINNED_SETTINGS } from "../../lib/postgres/fingerprint/pinned_settings.ts";
import { Secret } from "../../lib/secret.ts";
import type { HubUrl } from "./bench_hub.ts";
import { timed } from "./measure.ts";
import { runProgram } from "./run_script.ts";

/** As the script chooses them: backup_restore_drill.ts, MOST_JOBS. */
export const JOBS = Math.min(4, availableParallelism());

export function liveSource(url: HubUrl): Promise<LiveSource> {
  return openLiveSource(new Secret(url), environmentForPrograms());
}

/** The sessions of a fingerprint, as a drill opens them; must be closed. */
export function snapshotOf(url: HubUrl) {
  return openSnapshot({
    ...{ url: new Secret(url), applicationName: "state-hub-bench", sessions: JOBS, lockWaitMs: 30_000 },
    settings: PINNED_SETTINGS,
  });
}

/** Milliseconds. */
export interface PlainCost {
  /** From nothing to a disposable server with an empty database, and to nothing again. */
  readonly server: number;
  readonly dumpAndRestore: number;
}

/**
 * pg_dump -Fd and pg_restore into a disposable server, one after the other.
 * @param folder one that does not exist yet; it is gone afterwards
 */
export async function plainCopy(url: HubUrl, folder: string): Promise<PlainCost> {
  mkdirSync(folder, { mode: 0o711 });
  const [source, locale] = [await liveSource(url), await localeOf(url)];
  const terms = {
    folder: join(folder, "server"),
    env: environmentForPrograms(),
    signal: AbortSignal.timeout(1_800_000),
  };
  const begun = performance.now();
  const server = await startServer({ ...terms, nice: false }, source.server);
  const end = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const target = await disposableTarget(server, { source: source.server, locale });
    await target.close();
    const started = performance.now() - begun;
    const copied = await timed(() => dumpAndRestore(source, target.url, join(folder, "dump")));
    return { server: started + (await timed(end)), dumpAndRestore: copied };
  } finally {
    await end();
  }
}

async function dumpAndRestore({ programs, url }: LiveSource, target: Secret, dump: string): Promise<void> {
  const [pgDump, pgRestore] = ["pg_dump", "pg_restore"].map((name) => join(programs.directory, name)) as [
    string,
    string,
  ];
  await runProgram(
    [pgDump, "--format=directory", `--jobs=${JOBS}`, "--compress=1", "--no-sync", `--file=${dump}`],
    libpqEnvironment(url, {}),
  );
  const { PGDATABASE = "", ...access } = libpqEnvironment(target, {});
  await runProgram([pgRestore, `--jobs=${JOBS}`, "--exit-on-error", `--dbname=${PGDATABASE}`, dump], access);
}

async function localeOf(url: HubUrl) {
  const snapshot = await snapshotOf(url);
  try {
    return await readDatabaseLocale(snapshot.holder);
  } finally {
    await snapshot.close();
  }
}
