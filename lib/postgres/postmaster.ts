// What runs in a data directory, from files alone. A pid in postmaster.pid proves nothing by itself: the server may
// have been killed and its number given to another program. Taking that for a server means waiting for nothing, or
// signalling a stranger; taking a server for stale means two servers on one cluster.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLineOf, isPidInUse, workingDirectoryOf } from "./process_table.ts";

export interface Postmaster {
  readonly pid: number;
  /** Null while the server has not written it yet. */
  readonly port: number | null;
  /** `ready`, `starting`, `stopping` or `standby`; empty while not written yet. */
  readonly status: string;
}

/**
 * `running`: the pid in the file is a server of this directory. `stale`: it is not, or not anymore.
 * `unwritten`: the file is there, but empty (being written at this moment, or left so by a crash of the machine).
 */
export type Look =
  | { readonly state: "none" }
  | { readonly state: "unwritten" }
  | { readonly state: "stale"; readonly pid: number; readonly pidInUse: boolean }
  | { readonly state: "running"; readonly postmaster: Postmaster };

/** @throws the file system's own error (EACCES, EIO); a missing file or directory is `none` */
export function lookAtPostmaster(dataDirectory: string): Look {
  const text = readIfThere(join(dataDirectory, "postmaster.pid"));
  if (text === null) return { state: "none" };
  const postmaster = parsePostmasterPid(text);
  if (postmaster === null) return { state: "unwritten" };
  if (isPostmasterOf(postmaster.pid, dataDirectory)) return { state: "running", postmaster };
  return { state: "stale", pid: postmaster.pid, pidInUse: isPidInUse(postmaster.pid) };
}

/**
 * Lines of postmaster.pid (src/include/utils/pidfile.h): pid, data directory, start time, port, socket directory,
 * listen address, shared memory, status (padded with blanks). Null for a text without a pid.
 */
export function parsePostmasterPid(text: string): Postmaster | null {
  const lines = text.split("\n");
  // A single-user backend (`postgres --single`) writes its pid negated.
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isSafeInteger(pid) || pid === 0) return null;
  const port = Number(lines[3]);
  return { pid, port: Number.isSafeInteger(port) && port > 0 ? port : null, status: (lines[7] ?? "").trim() };
}

/** True only for a live server (not a zombie, not a recycled pid) whose data directory this is. */
export function isPostmasterOf(pid: number, dataDirectory: string): boolean {
  const command = commandLineOf(pid);
  if (!/^\S*postgres\b/.test(command)) return false;
  return `${command} `.includes(` ${dataDirectory} `) || workingDirectoryOf(pid) === dataDirectory;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
