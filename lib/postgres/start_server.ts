// Brings the server of an existing cluster up: away with a stale pid file, a port, the start, and the wait for "ready".
// Each obstacle that time removes is waited out (backends of a killed server, a recovery, a taken port); any other is
// reported in the server's own words.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { waitUntil } from "../wait_until.ts";
import type { Binaries } from "./binaries.ts";
import type { Deadline } from "./deadline.ts";
import { freePort } from "./free_port.ts";
import { type Launched, launch } from "./launch.ts";
import type { Layout } from "./layout.ts";
import { lookAtPostmaster } from "./postmaster.ts";
import { serverProgramsOn } from "./process_table.ts";
import { recordVersion } from "./record_version.ts";
import { fullDisk, lastLogLine, loggedSince, markLog, tellingLine } from "./server_log.ts";
import type { ServerUser } from "./server_user.ts";

export interface StartServer {
  readonly layout: Pick<Layout, "dataDirectory" | "versionFile">;
  /** In messages; "the embedded PostgreSQL" unless given. */
  readonly called?: string;
  readonly nice?: boolean;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  readonly deadline: Deadline;
  readonly progress?: (message: string) => void;
  readonly signal?: AbortSignal;
  /** Another source of ports than the free ones. */
  readonly choosePort?: () => number;
}

/** The caller holds the start lock. @throws OpsFailure with the server's last words when it does not come up */
export async function startServer(start: StartServer): Promise<{ pid: number; port: number }> {
  recordVersion(start.layout, start.binaries.version, start.user);
  for (let lastTry = ""; ; ) {
    await removeStalePidFile(start);
    const port = (start.choosePort ?? freePort)();
    const { dataDirectory } = start.layout;
    const mark = markLog(dataDirectory);
    const launched = launch({ ...start, dataDirectory, port });
    try {
      const end = await readyOrEnded(start, launched);
      if (end === "ready") return { pid: launched.pid, port };
      lastTry = obstacle(start, `${end.said}\n${loggedSince(dataDirectory, mark)}`);
    } finally {
      await launched.letGo();
    }
    await beforeAnotherTry(start, lastTry);
  }
}

/**
 * Leaves a file whose pid is dead to the server, which checks the shared memory too. What it can't judge is a pid that
 * another program got since ("lock file already exists"), and an empty file: those go, once nobody works in the folder.
 */
async function removeStalePidFile(start: StartServer): Promise<void> {
  const { dataDirectory } = start.layout;
  const look = lookAtPostmaster(dataDirectory);
  const misleads = look.state === "unwritten" || (look.state === "stale" && look.pidInUse);
  if (!misleads) return;
  let said = "";
  await waitUntil({ ...waiting(start), forWhat: "the last server's processes to end" }, () => {
    const left = serverProgramsOn(dataDirectory);
    if (left.length === 0) return { found: true };
    const seen = `pid ${left.join(", ")} of the killed server still at work`;
    if (seen !== said) start.progress?.(`Waiting for PostgreSQL: ${seen}`);
    said = seen;
    return { seen };
  });
  start.progress?.(`Removing the pid file that a killed server left in ${dataDirectory}`);
  rmSync(join(dataDirectory, "postmaster.pid"), { force: true });
}

async function readyOrEnded(start: StartServer, launched: Launched): Promise<"ready" | { said: string }> {
  const { dataDirectory } = start.layout;
  let told = "";
  return waitUntil<"ready" | { said: string }>(
    { ...waiting(start), forWhat: `${nameOf(start)} (pid ${launched.pid}) to be ready` },
    () => {
      const words = launched.lastWords();
      if (words !== null) return { found: { said: words } };
      const look = lookAtPostmaster(dataDirectory);
      const ours = look.state === "running" && look.postmaster.pid === launched.pid;
      if (ours && look.postmaster.status === "ready") return { found: "ready" as const };
      const line = lastLogLine(dataDirectory);
      if (ours && line !== told && /interrupted|recovery|redo/.test(line)) {
        start.progress?.(`PostgreSQL was not shut down cleanly; it recovers: ${line}`);
        told = line;
      }
      return { seen: `its log says: ${line}` };
    },
  );
}

// Each goes away by itself: the port with another try, the rest with the last server's processes.
const PASSING =
  /could not create any TCP\/IP sockets|pre-existing shared memory block|lock file "[^"]+" already exists/;

/** Why it ended, when another try can help. @throws OpsFailure when it can't */
function obstacle(start: StartServer, words: string): string {
  const { dataDirectory } = start.layout;
  const said = tellingLine(words) ?? "it ended without a word";
  if (PASSING.test(words)) return said;
  const full = fullDisk(dataDirectory);
  throw new OpsFailure(`Could not start ${nameOf(start)}`, {
    observed: full === null ? said : `${full}; its last words: ${said}`,
    where: dataDirectory,
    hint: full === null ? `tail ${dataDirectory}/log/*.log` : `df -h ${dataDirectory}`,
  });
}

async function beforeAnotherTry(start: StartServer, lastTry: string): Promise<void> {
  if (start.deadline.over()) {
    throw new OpsFailure(`Could not start ${nameOf(start)} within ${start.deadline.totalMs / 1000} s`, {
      observed: lastTry,
      where: start.layout.dataDirectory,
      hint: `ps -fu ${start.user.name}`,
    });
  }
  start.progress?.(`PostgreSQL could not start yet, trying again: ${lastTry}`);
  await Bun.sleep(100);
}

function nameOf(start: StartServer): string {
  return start.called ?? "the embedded PostgreSQL";
}

function waiting(start: StartServer) {
  const deadlineMs = start.deadline.left();
  return start.signal === undefined ? { deadlineMs } : { deadlineMs, signal: start.signal };
}
