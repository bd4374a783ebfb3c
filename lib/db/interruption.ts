// What becomes of statements that are under way when a run is told to stop: each has a moment to be answered; one that waits
// longer, for a lock as a rule, is given up with its connection, here and in the server, so that no lock stays taken.
import { OpsFailure } from "../failure.ts";
import { within } from "../within.ts";
import type { Sql } from "./handles.ts";

/** More than a statement takes that waits for nobody: what a stopped run still has to write is written. */
const PATIENCE_MS = 1_000;
const ENDED_WITHIN_MS = 1_000;

export class Interruption {
  readonly #signal: AbortSignal;
  readonly #open: (onclose: () => void) => Sql;

  /** @param open makes a client of one connection to the same server, by the same role and application name */
  constructor(signal: AbortSignal, open: (onclose: () => void) => Sql) {
    this.#signal = signal;
    this.#open = open;
  }

  /**
   * @param giveUp called once, a moment after the signal, with why; also where the signal came before
   * @returns call it when the statement is answered
   */
  watch(giveUp: (why: OpsFailure) => void): () => void {
    const signal = this.#signal;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => {
      timer = setTimeout(() => giveUp(reasonOf(signal)), PATIENCE_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  }

  /**
   * Ends a connection's process in the server, and waits until it is gone. Never throws: where it can't be done, the server
   * notices by itself, within a second or so, that its client has left.
   */
  async endBackend(pid: number): Promise<void> {
    const client = this.#open(() => {});
    try {
      // Ended by itself meanwhile, it may have left its number to somebody else.
      const ending = client`
        select pg_terminate_backend(pid, ${ENDED_WITHIN_MS}) from pg_stat_activity
        where pid = ${pid} and application_name = current_setting('application_name') and usename = current_user`;
      await within(ending, 2 * ENDED_WITHIN_MS, null);
    } catch {
    } finally {
      await client.end({ timeout: 0 }).catch(() => {});
    }
  }
}

function reasonOf({ reason }: AbortSignal): OpsFailure {
  return reason instanceof OpsFailure ? reason : new OpsFailure("Stopped", { cause: reason });
}
