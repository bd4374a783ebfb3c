// A command on another host, over a connection that stands: its output as it comes, no faster than it is read, and how it
// ended. ssh2 has no deadline for the start, and ends both streams in the same way when the line is cut.
import type { Readable, Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connect.ts";

/** `refused`: the host starts no command for us. `lost`: the connection ended, or the host never said how the command did. */
export type ExecFaultKind = "refused" | "silent" | "lost";

export class ExecFault extends Error {
  readonly kind: ExecFaultKind;
  constructor(kind: ExecFaultKind, message: string) {
    super(message);
    this.name = "ExecFault";
    this.kind = kind;
  }
}

/** An exit code, or the signal that ended it: never both, never none. */
export type RemoteEnd =
  | { readonly exitCode: number; readonly signal: null }
  | { readonly exitCode: null; readonly signal: string };

export interface RemoteCommand {
  /** Has to be ended: a command that reads it waits for more. What is written after the command's end is dropped. */
  readonly stdin: Writable;
  /** Both have to be read: what nobody reads holds the command over there. They end, too, when the connection does. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settled when both streams are read to their end. Rejects with ExecFault (`lost`). */
  readonly ended: Promise<RemoteEnd>;
}

export interface ExecOptions {
  /** One line, read by the account's shell. */
  readonly line: string;
  /** For the host to take it. */
  readonly deadlineMs: number;
  /** Shortens that wait. */
  readonly signal?: AbortSignal;
}

/** Without a terminal over there. @throws ExecFault; the signal's reason */
export async function execOver(connection: SshConnection, options: ExecOptions): Promise<RemoteCommand> {
  const channel = await openedChannel(connection, options);
  const ended = endOf(channel);
  // Whoever waits for it may do so later than it fails.
  ended.catch(() => {});
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended };
}

function openedChannel(connection: SshConnection, { line, deadlineMs, signal }: ExecOptions): Promise<ClientChannel> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>();
  const silent = `no answer to the request within ${(deadlineMs / 1000).toFixed(1)} s`;
  const timer = setTimeout(() => reject(new ExecFault("silent", silent)), deadlineMs);
  const lost = () => reject(new ExecFault("lost", "the ssh connection ended"));
  const stopped = AbortSignal.any([connection.lost, ...(signal === undefined ? [] : [signal])]);
  const stop = () => (connection.lost.aborted ? lost() : reject(signal?.reason));
  if (stopped.aborted) stop();
  stopped.addEventListener("abort", stop, { once: true });
  let over = false;
  try {
    connection.client.exec(line, (error, channel) => {
      if (error) return reject(new ExecFault("refused", `the host starts no command: ${error.message}`));
      channel.on("error", () => {});
      channel.stderr.on("error", () => {});
      if (over) channel.close();
      else resolve(channel);
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

function endOf(channel: ClientChannel): Promise<RemoteEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<RemoteEnd>();
  let end: RemoteEnd | null = null;
  channel.once("exit", (exitCode: number | null, signal?: string) => {
    end = exitCode === null ? { exitCode, signal: signal ?? "SIGKILL" } : { exitCode, signal: null };
  });
  channel.once("close", () => {
    if (end !== null) resolve(end);
    else reject(new ExecFault("lost", "the connection ended before the command did"));
  });
  return promise;
}
