// Starts the server so that it outlives us: a session of its own (no Ctrl-C, no hang-up), and none of our pipes, or
// `consistency_check.ts | cat` would never end. Its first words come through a pipe that only we hold, until it is
// ready: on a full disk they are written nowhere else.
import { join } from "node:path";
import { gentle } from "../process/gentle.ts";
import type { Binaries } from "./binaries.ts";
import type { ServerUser } from "./server_user.ts";

export interface Launch {
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  readonly dataDirectory: string;
  readonly port: number;
  /** Gives way to whatever else wants the processors. */
  readonly nice?: boolean;
}

export interface Launched {
  readonly pid: number;
  /** Null while it runs; afterwards what it said on stderr. */
  lastWords(): string | null;
  /** Lets go of it: neither its pipe nor its end keeps us alive from now on. */
  letGo(): Promise<void>;
}

// Enough for every complaint a server makes before its log is open.
const KEPT_CHARACTERS = 16_384;

export function launch(options: Launch): Launched {
  const program = join(options.binaries.directory, "postgres");
  const server = [program, "-D", options.dataDirectory, "-p", String(options.port)];
  const argv = options.user.command(gentle(server, options.nice ?? false));
  const child = Bun.spawn(argv, {
    cwd: "/",
    env: { ...options.env, LC_ALL: "C", TZ: "UTC" },
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const reader = child.stderr.getReader();
  let said = "";
  let ended = false;
  const reading = readInto(
    () => reader.read(),
    (text) => {
      said = (said + text).slice(-KEPT_CHARACTERS);
    },
  );
  // Ended, and everything read that it said before; its log collector holds the pipe until the log is written too.
  child.exited
    .then(() => Promise.race([reading, Bun.sleep(500)]))
    .then(() => {
      ended = true;
    });
  return {
    pid: child.pid,
    lastWords: () => (ended ? said : null),
    letGo: async () => {
      child.unref();
      await reader.cancel().catch(() => {});
    },
  };
}

/** A reader's `read`, as much of it as is used. */
type Read = () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;

async function readInto(read: Read, keep: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await read().catch(() => ({ done: true, value: undefined }));
    if (done || value === undefined) return;
    keep(decoder.decode(value, { stream: true }));
  }
}
