// The slow half of startEmbedded(): no server says "ready", or one does and does not answer. One run at a time per
// home works here; the others wait for its lock and then find what it made.
import { OpsFailure } from "../failure.ts";
import { waitUntil } from "../wait_until.ts";
import { type BinarySource, findBinaries } from "./binaries.ts";
import { findCluster } from "./cluster.ts";
import { createCluster } from "./create_cluster.ts";
import { type Deadline, deadlineIn } from "./deadline.ts";
import { openHome, proveReachable } from "./home.ts";
import type { Layout } from "./layout.ts";
import { lookAtPostmaster } from "./postmaster.ts";
import { type Probe, proveAnswers } from "./prove_answers.ts";
import { describeServer, type EmbeddedServer, readyServer } from "./ready_server.ts";
import { lastLogLine } from "./server_log.ts";
import { serverUser } from "./server_user.ts";
import { takeStartLock } from "./start_lock.ts";
import { startServer } from "./start_server.ts";

export interface BringUp {
  readonly home: string;
  /** `environmentForPrograms()` */
  readonly env: Record<string, string>;
  readonly connect: Probe;
  /** One line at a time for stderr; nothing is said when the server runs already. */
  readonly progress?: (message: string) => void;
  readonly signal?: AbortSignal;
  /** For everything together; 60 s unless given. */
  readonly deadlineMs?: number;
  /** Use only these programs; the machine's, else the npm package's, unless given. */
  readonly binaries?: BinarySource;
}

/** @throws OpsFailure as startEmbedded() says */
export async function bringUp(options: BringUp): Promise<EmbeddedServer> {
  const deadline = deadlineIn(options.deadlineMs ?? 60_000);
  const layout = openHome(options.home);
  const lock = await takeStartLock(layout.lockFile, deadline.left(), options.signal);
  try {
    for (;;) {
      const server = (await runningOnceSettled(options, layout, deadline)) ?? (await start(options, layout, deadline));
      if (await proveAnswers(options, server, deadline)) return server;
      if (server.started || deadline.over()) throw endedFailure(server.pid, layout);
    }
  } finally {
    lock.release();
  }
}

function endedFailure(pid: number, layout: Layout): OpsFailure {
  return new OpsFailure("Could not keep the embedded PostgreSQL running", {
    observed: `pid ${pid} ended; its log says: ${lastLogLine(layout.dataDirectory)}`,
    where: layout.dataDirectory,
    hint: `tail ${layout.dataDirectory}/log/*.log`,
  });
}

async function start(options: BringUp, layout: Layout, deadline: Deadline): Promise<EmbeddedServer> {
  const cluster = findCluster(layout);
  const user = serverUser(cluster?.owner ?? null);
  await proveReachable(layout, user, options.env);
  const binaries = await findBinaries({ ...options, layout, user });
  if (cluster === null) {
    options.progress?.(`Making a PostgreSQL ${binaries.version} cluster in ${layout.dataDirectory}`);
    await createCluster({ ...options, layout, binaries, user, deadline });
  }
  options.signal?.throwIfAborted();
  const { pid, port } = await startServer({ ...options, layout, binaries, user, deadline });
  return describeServer(layout, { pid, port, started: true });
}

/** Waits until a server that is starting or stopping has made up its mind. @returns null when none runs */
function runningOnceSettled(options: BringUp, layout: Layout, deadline: Deadline): Promise<EmbeddedServer | null> {
  let said = "";
  const wait = { forWhat: "the embedded PostgreSQL to be ready or gone", deadlineMs: deadline.left() };
  const look = (): { found: EmbeddedServer | null } | { seen: string } => {
    const ready = readyServer(layout);
    if (ready !== null) return { found: ready };
    const seen = lookAtPostmaster(layout.dataDirectory);
    if (seen.state !== "running") return { found: null };
    const doing = `pid ${seen.postmaster.pid} is ${seen.postmaster.status || "starting"}`;
    if (doing !== said) options.progress?.(`Waiting for PostgreSQL: ${doing}`);
    said = doing;
    return { seen: `${doing}; its log says: ${lastLogLine(layout.dataDirectory)}` };
  };
  return waitUntil(options.signal === undefined ? wait : { ...wait, signal: options.signal }, look);
}
