// Opens the State Hub that DATABASE_URL names: a server somewhere, or the embedded one, which is started when it does not
// run. Capabilities get the open handle; only here do the two doors meet.
import { type Config, environmentForPrograms } from "../config.ts";
import { type ConnectOptions, type Database, openDatabase, serverDataDirectory } from "../db/connect.ts";
import { migrate, requireSchema, schemaState } from "../db/migrate.ts";
import { OpsFailure } from "../failure.ts";
import { startEmbedded } from "../postgres/start_embedded.ts";
import type { Secret } from "../secret.ts";

/** The part of a script's terminal that is needed while a server starts. */
interface Terminal {
  readonly signal: AbortSignal;
  progress(message: string): void;
  note(message: string): void;
}

export interface OpenHubOptions
  extends Pick<ConnectOptions, "applicationName" | "answerWithinMs" | "readers" | "writers"> {
  readonly io: Terminal;
  readonly access?: "read-only" | "read-write";
  /** `leave` opens a database of any version: for the command that migrates it. */
  readonly schema?: "require" | "leave";
  /** When io.signal is aborted: `give up` what waits in the database, or let it `finish`; `give up` unless given. */
  readonly whenStopped?: "give up" | "finish";
}

/**
 * @returns an open handle; the caller closes it
 * @throws OpsFailure (automation): no DATABASE_URL, no answer, a schema that is behind (the embedded hub's is brought up
 * to date instead: it is thrown away with its folder) or newer than this toolkit
 */
export async function openHub(config: Config, options: OpenHubOptions): Promise<Database> {
  const { database } = config;
  if (database.kind === "unset") throw noDatabase();
  if (database.kind === "url") return prepared(await connect(database.url, options), options);
  const server = await startServer(config, options, false);
  const opened = await connect(server.url, options).catch(async () =>
    connect((await startServer(config, options, true)).url, options),
  );
  return prepared(opened, options, () => migrateEmbedded(server.url, options));
}

async function startServer(config: Config, { io }: OpenHubOptions, verify: boolean) {
  const server = await startEmbedded({
    home: config.stateHubHome,
    env: environmentForPrograms(),
    connect: serverDataDirectory,
    progress: io.progress,
    signal: io.signal,
    verify,
  });
  if (server.started)
    io.note(
      `Started the embedded State Hub (PostgreSQL ${server.version}, port ${server.port}); scripts/state_hub.ts stop ends it`,
    );
  return server;
}

function connect(
  url: Secret,
  { io, schema: _, whenStopped = "give up", access = "read-write", ...rest }: OpenHubOptions,
) {
  return openDatabase({ url, access, ...rest, ...(whenStopped === "give up" ? { signal: io.signal } : {}) });
}

async function migrateEmbedded(url: Secret, options: OpenHubOptions): Promise<void> {
  const database = await connect(url, { ...options, access: "read-write" });
  try {
    const { applied } = await migrate(database);
    if (applied.length > 0) options.io.note(`Brought the embedded State Hub's schema to version ${applied.at(-1)}`);
  } finally {
    await database.close();
  }
}

/** @param bringUp what to do about a schema that is behind; refused unless given */
async function prepared(
  database: Database,
  { schema = "require" }: OpenHubOptions,
  bringUp?: () => Promise<void>,
): Promise<Database> {
  if (schema === "leave") return database;
  try {
    if (bringUp !== undefined && (await schemaState(database.sql)) !== "ready") await bringUp();
    await requireSchema(database.sql);
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

function noDatabase(): OpsFailure {
  return new OpsFailure("Could not find the State Hub", {
    observed: "DATABASE_URL is not set",
    expected:
      "postgres://USER@HOST:PORT/DATABASE for a hub that exists, or the word embedded for a throw-away one on this machine",
    hint: "export DATABASE_URL=embedded",
  });
}
