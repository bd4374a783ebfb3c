// Files on another host, over a connection that stands. Each call is answered or fails within the time that a stall takes;
// what is written is for its owner alone. Names that come from over there are given as they are: the caller judges them.
import type { SFTPWrapper, Stats } from "ssh2";
import type { SshConnection } from "./connect.ts";
import { SftpFault } from "./sftp_fault.ts";
import { receiveBytes, receiveFile, sendBytes, sendFile } from "./transfer.ts";
import { type Requests, watchedRequests } from "./watched_requests.ts";

/** What lies at a path. */
export interface RemoteEntry {
  readonly name: string;
  /** A symbolic link is `other`. */
  readonly kind: "file" | "folder" | "other";
  readonly bytes: number;
  /** By the other host's clock. */
  readonly modifiedAt: Date;
}

/** All throw SftpFault. Paths are absolute, or relative to the account's home over there. */
export interface Sftp {
  /** Aborted when nothing more can be asked. */
  readonly lost: AbortSignal;
  list(folder: string): Promise<RemoteEntry[]>;
  /** Does not follow a link, unless `follow`. null: nothing is there. */
  entry(path: string, follow?: boolean): Promise<RemoteEntry | null>;
  /** Of mode 700; `refused` when it is there already. */
  makeFolder(path: string): Promise<void>;
  /** A new file of mode 600, on the other host's disk when it resolves, where that host can say so. */
  put(file: string, path: string, onBytes?: (sent: number) => void): Promise<void>;
  putBytes(bytes: Uint8Array, path: string): Promise<void>;
  /** Into a local file of mode 600. */
  get(path: string, file: string, onBytes?: (received: number) => void): Promise<void>;
  /** The first `most` bytes. */
  getBytes(path: string, most: number): Promise<Buffer>;
  /** Takes the place of what is at `to`, at once. Where the host can't do that, `to` must be free. */
  rename(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** For this account; null where the host does not tell. */
  freeBytes(path: string): Promise<number | null>;
}

interface SftpOptions {
  /** How long nothing may be answered while something is asked. */
  readonly stalledAfterMs: number;
}

/** @throws SftpFault when the host has no SFTP, or does not answer */
export async function openSftp(connection: SshConnection, { stalledAfterMs }: SftpOptions): Promise<Sftp> {
  const ended = new AbortController();
  const lost = AbortSignal.any([connection.lost, ended.signal]);
  const ask = watchedRequests({ lost, giveUp: connection.close, stalledAfterMs });
  const wire = await ask<SFTPWrapper>((done) => connection.client.sftp((error, sftp) => done(noSftp(error), sftp)));
  // ssh2 tells those who wait that the channel is closed, and lets those who ask afterwards wait for ever.
  for (const end of ["end", "close"]) wire.on(end, () => ended.abort());
  // What it says here it says to every request that waits; unheard it would end the process.
  wire.on("error", () => {});
  return { lost, ...entriesOf(wire, ask), ...contentsOf(wire, ask), ...changesOf(wire, ask) };
}

/** The exit code of what should have been the server stands where a request's status would. */
function noSftp(error: Error | undefined): SftpFault | undefined {
  return error && new SftpFault("unsupported", `the host gives no SFTP: ${error.message}`, error);
}

function entriesOf(wire: SFTPWrapper, ask: Requests): Pick<Sftp, "list" | "entry" | "freeBytes"> {
  return {
    list: async (folder) => {
      const found = await ask<{ filename: string; attrs: Stats }[]>((done) => wire.readdir(folder, done));
      const real = found.filter(({ filename }) => filename !== "." && filename !== "..");
      return real.map(({ filename, attrs }) => entryOf(filename, attrs));
    },
    entry: async (path, follow = false) => {
      const stats = ask<Stats>((done) => (follow ? wire.stat(path, done) : wire.lstat(path, done)));
      const name = path.split("/").at(-1) ?? path;
      return orElse(
        "missing",
        null,
        stats.then((found) => entryOf(name, found)),
      );
    },
    freeBytes: async (path) => {
      const room = await orElse(
        "unsupported",
        null,
        ask<FileSystem>((done) => wire.ext_openssh_statvfs(path, done as never)),
      );
      return room === null ? null : Number(room.f_bavail) * Number(room.f_frsize);
    },
  };
}

/** statvfs@openssh.com (OpenSSH, PROTOCOL, 4.4). */
interface FileSystem {
  readonly f_frsize: number | bigint;
  readonly f_bavail: number | bigint;
}

function contentsOf(wire: SFTPWrapper, ask: Requests): Pick<Sftp, "put" | "putBytes" | "get" | "getBytes"> {
  return {
    put: (file, path, onBytes) => sendFile({ wire, ask }, file, path, onBytes),
    putBytes: (bytes, path) => sendBytes({ wire, ask }, bytes, path),
    get: (path, file, onBytes) => receiveFile({ wire, ask }, path, file, onBytes),
    getBytes: (path, most) => receiveBytes({ wire, ask }, path, most),
  };
}

function changesOf(
  wire: SFTPWrapper,
  ask: Requests,
): Pick<Sftp, "makeFolder" | "rename" | "removeFile" | "removeFolder"> {
  const nothing = (start: (done: (error?: unknown) => void) => void) =>
    ask<undefined>((done) => start((error) => done(error, undefined)));
  return {
    makeFolder: (path) => nothing((done) => wire.mkdir(path, { mode: 0o700 }, done)),
    rename: async (from, to) => {
      const atOnce = nothing((done) => wire.ext_openssh_rename(from, to, done));
      if ((await orElse("unsupported", "unsupported" as const, atOnce)) === "unsupported")
        await nothing((done) => wire.rename(from, to, done));
    },
    removeFile: (path) => nothing((done) => wire.unlink(path, done)),
    removeFolder: (path) => nothing((done) => wire.rmdir(path, done)),
  };
}

async function orElse<T, O>(kind: SftpFault["kind"], otherwise: O, work: Promise<T>): Promise<T | O> {
  try {
    return await work;
  } catch (fault) {
    if (fault instanceof SftpFault && fault.kind === kind) return otherwise;
    throw fault;
  }
}

function entryOf(name: string, stats: Stats): RemoteEntry {
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
  return { name, kind, bytes: stats.size, modifiedAt: new Date(stats.mtime * 1000) };
}
