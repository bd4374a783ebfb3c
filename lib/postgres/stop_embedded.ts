// Ends the embedded server, and says so only when it is gone.
import { existsSync } from "node:fs";
import { OpsFailure } from "../failure.ts";
import { waitUntil } from "../wait_until.ts";
import { deadlineIn } from "./deadline.ts";
import { embeddedStatus } from "./embedded_status.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { isPostmasterOf } from "./postmaster.ts";
import { lastLogLine } from "./server_log.ts";
import { whoWeAre } from "./server_user.ts";
import { takeStartLock } from "./start_lock.ts";

export interface StopEmbedded {
  readonly home: string;
  readonly env: Record<string, string>;
  /** 60 s unless given. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fast shutdown (open transactions are rolled back, then a checkpoint), waited for. A start that is under way in
 * another run is let finish first, so that "stopped" still holds a moment later.
 * @returns stopped: false with pid null when nothing ran
 * @throws OpsFailure when it may not be signalled, or still runs at the deadline
 */
export async function stopEmbedded(options: StopEmbedded): Promise<{ stopped: boolean; pid: number | null }> {
  const layout = layoutOf(options.home);
  const nothing = { stopped: false, pid: null };
  if (embeddedStatus(options).state === "absent" && !existsSync(layout.lockFile)) return nothing;
  const deadline = deadlineIn(options.deadlineMs ?? 60_000);
  const lock = await takeStartLock(layout.lockFile, deadline.left(), options.signal);
  try {
    const { pid } = embeddedStatus(options);
    if (pid === null) return nothing;
    askToStop(pid, layout);
    await waitForItsEnd(pid, layout, deadline.left(), options.signal);
    return { stopped: true, pid };
  } finally {
    lock.release();
  }
}

// SIGINT is PostgreSQL's fast shutdown (its documentation, "Shutting Down the Server").
function askToStop(pid: number, layout: Layout): void {
  try {
    process.kill(pid, "SIGINT");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return;
    throw new OpsFailure("Could not stop the embedded PostgreSQL", {
      observed: `${whoWeAre()} may not signal pid ${pid}`,
      expected: "the server's own account, or root",
      where: layout.dataDirectory,
      hint: `ps -o user=,args= -p ${pid}`,
      cause,
    });
  }
}

async function waitForItsEnd(pid: number, layout: Layout, deadlineMs: number, signal?: AbortSignal): Promise<void> {
  const wait = {
    forWhat: `the embedded PostgreSQL (pid ${pid}) to stop`,
    deadlineMs,
    hint: `safe, but the next start has to recover: kill -QUIT ${pid}`,
  };
  await waitUntil(signal === undefined ? wait : { ...wait, signal }, () =>
    isPostmasterOf(pid, layout.dataDirectory)
      ? { seen: `it still runs; its log says: ${lastLogLine(layout.dataDirectory)}` }
      : { found: true },
  );
}
