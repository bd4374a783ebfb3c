// The database that DATABASE_URL names, for two who ask in two ways: a drill needs it and has the embedded server started; the word
// to the hub is not worth starting one.
import type { Config } from "../../config.ts";
import { serverDataDirectory } from "../../db/connect.ts";
import { OpsFailure } from "../../failure.ts";
import { embeddedStatus } from "../../postgres/embedded_status.ts";
import { startEmbedded } from "../../postgres/start_embedded.ts";
import type { Secret } from "../../secret.ts";

interface LiveDatabase {
  readonly config: Pick<Config, "database" | "stateHubHome">;
  /** `environmentForPrograms()` */
  readonly env: Record<string, string>;
  readonly progress: (phase: string) => void;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (automation) when none is named, or the embedded server does not start */
export async function liveUrl(o: LiveDatabase): Promise<Secret> {
  const { database } = o.config;
  if (database.kind === "url") return database.url;
  if (database.kind === "embedded") return embeddedUrl(o);
  throw new OpsFailure("Could not find the live database", {
    observed: "DATABASE_URL is not set",
    expected: "postgres://USER@HOST:PORT/DATABASE, or the word embedded",
    hint: "scripts/backup_restore_drill.ts --help",
  });
}

/** The hub that is told of what was done; null: none is named, or the embedded one does not run. */
export async function hubToTell(o: LiveDatabase): Promise<Secret | null> {
  const { database, stateHubHome: home } = o.config;
  if (database.kind !== "embedded") return database.kind === "url" ? database.url : null;
  return embeddedStatus({ home }).state === "running" ? embeddedUrl(o) : null;
}

async function embeddedUrl({ config, env, progress, signal }: LiveDatabase): Promise<Secret> {
  const { url } = await startEmbedded({
    home: config.stateHubHome,
    env,
    connect: serverDataDirectory,
    progress,
    signal,
  });
  return url;
}
