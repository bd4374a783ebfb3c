// A command on another host, over a connection that stands: its output as it comes, no faster than it is read, and how it
// ended. ssh2 ends both streams in the same way when the line is cut.
import type { Readable, Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connect.ts";
import { openChannel } from "./open_channel.ts";

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
  /** How it ended over there, whether or not its output is read to the end; null while that is not known. */
  exited(): RemoteEnd | null;
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
export function execOver(connection: SshConnection, { line, deadlineMs, signal }: ExecOptions): Promise<RemoteCommand> {
  return openChannel(connection, {
    ask: (client, done) => client.exec(line, done),
    taken: (channel) => ({
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      ...endOf(channel, connection.lost),
    }),
    refused: ({ message }) => new ExecFault("refused", `the host starts no command: ${message}`),
    failed: (kind, message) => new ExecFault(kind, message),
    deadlineMs,
    signal,
  });
}

/** The exit code comes before the last of the output: where the line is cut between the two, the output is not whole. */
function endOf(channel: ClientChannel, lost: AbortSignal): Pick<RemoteCommand, "exited" | "ended"> {
  const { promise, resolve, reject } = Promise.withResolvers<RemoteEnd>();
  let end: RemoteEnd | null = null;
  let cut = false;
  channel.once("exit", (exitCode: number | null, signal?: string) => {
    end = exitCode === null ? { exitCode, signal: signal ?? "SIGKILL" } : { exitCode, signal: null };
  });
  const onLost = () => {
    cut = (channel.incoming as { readonly state: string }).state === "open";
  };
  lost.addEventListener("abort", onLost, { once: true });
  channel.once("close", () => {
    lost.removeEventListener("abort", onLost);
    if (end === null) reject(new ExecFault("lost", "the connection ended before the command did"));
    else if (cut) reject(new ExecFault("lost", "the connection ended before all of the output had come"));
    else resolve(end);
  });
  // Whoever waits for it may do so later than it fails.
  promise.catch(() => {});
  return { exited: () => end, ended: promise };
}
