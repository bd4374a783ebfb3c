// Starting, making and stopping a cluster go one at a time per home. The lock is the kernel's (SQLite's on an empty
// file), so it ends with its holder, kill -9 included: no stale lock to judge. Whoever holds it also knows that any
// unfinished cluster in the home was left by a dead run.
import type { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import { waitUntil } from "../wait_until.ts";
import { folderFailure, HOME, type NeededFolder } from "./home.ts";

export interface StartLock {
  release(): void;
}

/** What a lock is for, in its failures. */
export interface LockPurpose {
  readonly forWhat: string;
  readonly folder: NeededFolder;
}

const EMBEDDED: LockPurpose = { forWhat: "our turn to start or stop the embedded PostgreSQL", folder: HOME };

// A handle that nobody refers to is collected, and its lock given up, while the holder still works.
const held = new Set<Database>();

/** @throws OpsFailure when another run holds it past the deadline, or the file cannot be made */
export async function takeStartLock(
  lockFile: string,
  deadlineMs: number,
  signal?: AbortSignal,
  purpose: LockPurpose = EMBEDDED,
): Promise<StartLock> {
  const look = await attempts(lockFile, purpose);
  const wait = {
    forWhat: purpose.forWhat,
    deadlineMs,
    hint: `see who is at it: fuser -v ${lockFile}`,
  };
  return waitUntil(signal === undefined ? wait : { ...wait, signal }, look);
}

/** The same lock on any file, asked for once. @returns null when somebody holds it @throws OpsFailure: no such place */
export async function tryStartLock(lockFile: string, purpose: LockPurpose): Promise<StartLock | null> {
  const result = (await attempts(lockFile, purpose))();
  return "found" in result ? result.found : null;
}

type Attempt = { readonly found: StartLock } | { readonly seen: string };

async function attempts(lockFile: string, { folder }: LockPurpose): Promise<() => Attempt> {
  makeLockFile(lockFile, folder);
  // Loaded here: a script whose server runs already never needs it.
  const sqlite = await import("bun:sqlite");
  return () => tryToLock(() => new sqlite.Database(lockFile), lockFile, folder);
}

// Made here for the file system's own error. Never opened when it is there: closing any handle on a file gives up
// every POSIX lock that this process has on it, another start's in the same process too.
function makeLockFile(lockFile: string, folder: NeededFolder): void {
  try {
    closeSync(openSync(lockFile, "wx", 0o644));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw folderFailure(folder, lockFile, cause);
  }
}

function tryToLock(open: () => Database, lockFile: string, folder: NeededFolder): Attempt {
  let database: Database | undefined;
  try {
    database = open();
    database.run("PRAGMA busy_timeout = 0");
    // No journal file: the lock must be had, and a server stopped, on a full disk too.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return { found: holding(database) };
  } catch (cause) {
    database?.close();
    if ((cause as NodeJS.ErrnoException).code === "SQLITE_BUSY") return { seen: `another run holds ${lockFile}` };
    throw folderFailure(folder, lockFile, cause);
  }
}

function holding(database: Database): StartLock {
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
}
