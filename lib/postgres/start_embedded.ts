// Gives the embedded State Hub's PostgreSQL: the one that runs, or one started now. Whatever killed the last one
// (kill -9, power, a full disk), the caller gets a server that answers, or a sentence that says what stands in the way.
import type { BringUp } from "./bring_up.ts";
import { layoutOf } from "./layout.ts";
import { type EmbeddedServer, readyServer } from "./ready_server.ts";

export interface StartEmbedded extends BringUp {
  /** Probe a server that runs already too: ask for it when your own connection just failed. */
  readonly verify?: boolean;
}

/**
 * A server that runs and says "ready" costs a few file reads: no lock, no process, no connection. The caller connects
 * next anyway, and that is the proof; if it fails, call again with `verify: true`, which probes, waits out a recovery,
 * and starts a new server where the old one died. A server started here has always answered the probe.
 * @throws OpsFailure (automation) for every obstacle, and at the deadline with what was seen last; the signal's reason
 */
export async function startEmbedded(options: StartEmbedded): Promise<EmbeddedServer> {
  options.signal?.throwIfAborted();
  if (options.verify !== true) {
    const running = readyServer(layoutOf(options.home));
    if (running !== null) return running;
  }
  // Loaded here: most runs find their server running and never need the rest.
  const { bringUp } = await import("./bring_up.ts");
  return bringUp(options);
}
