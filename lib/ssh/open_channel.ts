// A channel on an ssh connection, opened within a deadline. ssh2 has none: where the host does not answer it waits for ever, where
// the connection is gone it throws, and a channel that comes too late would stay open.
import type { Client, ClientCallback, ClientChannel } from "ssh2";
import type { SshConnection } from "./connect.ts";

export interface ChannelOpening<T> {
  /** Asks the host for it: `(client, done) => client.exec(line, done)`. */
  readonly ask: (client: Client, done: ClientCallback) => unknown;
  /** Called at once when it stands: what the host says next may have come in the same packet. */
  readonly taken: (channel: ClientChannel) => T;
  /** What the host's refusal is. */
  readonly refused: (error: Error) => Error;
  /** What it is when the host did not answer in time, or the connection is no more. */
  readonly failed: (kind: "silent" | "lost", message: string) => Error;
  readonly deadlineMs: number;
  /** Shortens the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** @returns what `taken` makes of it @throws what `refused` and `failed` make of it; the signal's reason */
export function openChannel<T>(connection: SshConnection, opening: ChannelOpening<T>): Promise<T> {
  const { ask, taken, refused, failed, deadlineMs, signal } = opening;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const silence = `no answer to the request within ${(deadlineMs / 1000).toFixed(1)} s`;
  const timer = setTimeout(() => reject(failed("silent", silence)), deadlineMs);
  const lost = () => reject(failed("lost", "the ssh connection ended"));
  const stopped = AbortSignal.any([connection.lost, ...(signal === undefined ? [] : [signal])]);
  const stop = () => (connection.lost.aborted ? lost() : reject(signal?.reason));
  if (stopped.aborted) stop();
  stopped.addEventListener("abort", stop, { once: true });
  let over = false;
  try {
    ask(connection.client, (error, channel) => {
      if (error) return reject(refused(error));
      // Whoever reads it sees its end; unheard, an error would end the process.
      for (const stream of [channel, channel.stderr]) stream.on("error", () => {});
      if (over) channel.close();
      else resolve(taken(channel));
    });
  } catch {
    lost();
  }
  return promise.finally(() => {
    over = true;
    clearTimeout(timer);
    stopped.removeEventListener("abort", stop);
  });
}
