// A command on another host, over a connection that stands: its output as it comes, no faster than it is read, and how it
// ended. ssh2 has no deadline for the start, and ends both streams in the same way when the line is cut.
import type { Readable } from "node:stream";
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
  /** Both have to be read: what nobody reads holds the command over there. They end, too, when the connection does. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settled when both streams are read to their end. Rejects with ExecFault (`lost`). */
  readonly ended: Promise<RemoteEnd>;
}

export interface ExecOptions {
  /** One line, read by the account's shell. */
  readonly line: string;
  /** Its stdin, which ends behind it. */
  readonly input: string;
  /** For the host to take it. */
  readonly deadlineMs: number;
}

/** Without a terminal over there. @throws ExecFault */
export async function execOver(connection: SshConnection, options: ExecOptions): Promise<RemoteCommand> {
  const channel = await openedChannel(connection, options);
  const ended = endOf(channel);
  // Whoever waits for it may do so later than it fails.
  ended.catch(() => {});
  channel.end(options.input);
  return { stdout: channel, stderr: channel.stderr, ended };
}

function openedChannel(connection: SshConnection, { line, deadlineMs }: ExecOptions): Promise<ClientChannel> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>();
  const silent = `no answer to the request within ${(deadlineMs / 1000).toFixed(1)} s`;
  const timer = setTimeout(() => reject(new ExecFault("silent", silent)), deadlineMs);
  const lost = () => reject(new ExecFault("lost", "the ssh connection ended"));
  if (connection.lost.aborted) lost();
  connection.lost.addEventListener("abort", lost, { once: true });
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
    connection.lost.removeEventListener("abort", lost);
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
