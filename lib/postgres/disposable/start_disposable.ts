// A server for one piece of work, in a folder of its own, that nobody misses afterwards. Whatever interrupts its making,
// nothing is left: no process, no folder, no memory.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { Secret } from "../../secret.ts";
import { type Binaries, lookForBinaries } from "../binaries.ts";
import { type Deadline, deadlineIn } from "../deadline.ts";
import { type Probe, proveAnswers } from "../prove_answers.ts";
import { lastComplaint } from "../server_log.ts";
import { type ServerUser, serverUser } from "../server_user.ts";
import { startServer } from "../start_server.ts";
import { makeDisposableCluster } from "./make_cluster.ts";
import { makeServerFolder, removeServerFolder, type ServerFolder } from "./server_folder.ts";

/** Which server, where, and by when. */
export interface StartDisposable {
  /** Made here, mode 0700 of the server's account; the folder above must be there and open to that account. */
  readonly folder: string;
  /** 15: exactly this one, so that what it shows is comparable. */
  readonly major: number;
  /** Any name that the source's superuser has: ACLs and owners compare by name. */
  readonly superuser: string;
  /** `environmentForPrograms()` */
  readonly env: Record<string, string>;
  readonly connect: Probe;
  readonly signal?: AbortSignal;
  /** For everything together; 120 s unless given. */
  readonly deadlineMs?: number;
  /** The server gives way to other programs. */
  readonly nice?: boolean;
  /** Another source of ports than the free ones. */
  readonly choosePort?: () => number;
}

/** A server that runs and answers. */
export interface DisposableServer {
  readonly superuser: string;
  /** `15.18` */
  readonly version: string;
  readonly dataDirectory: string;
  readonly port: number;
  /** template1: where to connect to make databases. There is no other at first, so that any name is free. */
  readonly maintenance: Secret;
  /** postgres://SUPERUSER:...@127.0.0.1:PORT/DATABASE, each part percent-encoded. */
  urlOf(database: string): Secret;
  /** The newest complaint in its log, to explain why it is gone. */
  lastWords(): string;
  /** At once, whatever it does: processes ended, folder removed. A second call waits for the first. */
  stop(): Promise<void>;
}

const CALLED = "the disposable PostgreSQL";

/** @throws OpsFailure for every obstacle, the signal's reason when aborted; nothing is left behind then */
export async function startDisposable(options: StartDisposable): Promise<DisposableServer> {
  options.signal?.throwIfAborted();
  const user = serverUser(null);
  const folder = makeServerFolder(options.folder, user);
  try {
    return await start(options, folder, user);
  } catch (cause) {
    // Looked at while what filled the disk is still there.
    const failure = explained(folder, cause);
    await removeServerFolder(folder);
    options.signal?.throwIfAborted();
    throw failure;
  }
}

async function start(options: StartDisposable, folder: ServerFolder, user: ServerUser): Promise<DisposableServer> {
  const { superuser, signal } = options;
  const deadline = deadlineIn(options.deadlineMs ?? 120_000);
  const binaries = await binariesOf(options, folder, user);
  const programs = { ...options, binaries, user, deadline };
  const password = await makeDisposableCluster(programs, folder, superuser);
  signal?.throwIfAborted();
  const { pid, port } = await startServer({ ...programs, layout: folder, called: CALLED });
  const urlOf = urlsAt(port, { superuser, password });
  const maintenance = urlOf("template1");
  const { dataDirectory } = folder;
  await proveServes(options, { url: maintenance, port, pid, dataDirectory }, deadline);
  return {
    ...{ superuser, version: binaries.version, dataDirectory, port, maintenance, urlOf },
    lastWords: () => lastComplaint(dataDirectory),
    stop: stopping(folder),
  };
}

function urlsAt(port: number, { superuser, password }: { readonly superuser: string; readonly password: string }) {
  const login = `${encodeURIComponent(superuser)}:${encodeURIComponent(password)}`;
  return (database: string) => new Secret(`postgres://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}`);
}

function stopping(folder: ServerFolder): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= removeServerFolder(folder);
    return stopped;
  };
}

async function binariesOf(options: StartDisposable, folder: ServerFolder, user: ServerUser): Promise<Binaries> {
  const result = await lookForBinaries({ major: options.major, layout: folder, user, env: options.env });
  if ("found" in result) return result.found;
  throw new OpsFailure(`Could not find PostgreSQL ${options.major} for a disposable server`, {
    observed: result.seen,
    expected: `the server programs of PostgreSQL ${options.major}, as the source has`,
    hint: `apt-get install postgresql-${options.major}`,
  });
}

async function proveServes(
  options: StartDisposable,
  server: Parameters<typeof proveAnswers>[1],
  deadline: Deadline,
): Promise<void> {
  if (await proveAnswers({ ...options, called: CALLED }, server, deadline)) return;
  throw new OpsFailure(`Could not keep ${CALLED} running`, {
    observed: `pid ${server.pid} ended; its log says: ${lastComplaint(server.dataDirectory)}`,
  });
}

/** The log that another hint would name goes with the folder. */
function explained(folder: ServerFolder, cause: unknown): unknown {
  const above = dirname(folder.home);
  const full = isFull(above) || /No space left/.test(`${(cause as OpsFailure).observed} ${cause}`);
  if (full) {
    return new OpsFailure(`Could not start ${CALLED}`, {
      observed: `no space left on device (${above})`,
      expected: "about 100 MB for the server, and room for the data",
      where: above,
      hint: `df -h ${above}`,
      cause,
    });
  }
  if (!(cause instanceof OpsFailure) || cause.hint?.startsWith("tail ") !== true) return cause;
  const { message, observed, expected } = cause;
  return new OpsFailure(message, {
    ...(observed === undefined ? {} : { observed }),
    ...(expected === undefined ? {} : { expected }),
    where: folder.home,
    hint: `free -m; df -h ${above}`,
  });
}

function isFull(folder: string): boolean {
  try {
    return statfsSync(folder).bavail === 0;
  } catch {
    return false;
  }
}
