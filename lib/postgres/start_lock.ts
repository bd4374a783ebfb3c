// Starting, making and stopping a cluster go one at a time per home. The lock is the kernel's (SQLite's on an empty
// file), so it ends with its holder, kill -9 included: no stale lock to judge. Whoever holds it also knows that any
// unfinished cluster in the home was left by a dead run.
import type { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import { waitUntil } from "../wait_until.ts";
import { homeFailure } from "./home.ts";

export interface StartLock {
  release(): void;
}

// A handle that nobody refers to is collected, and its lock given up, while the holder still works.
const held = new Set<Database>();

/** @throws OpsFailure when another run holds it past the deadline, or the file cannot be made */
export async function takeStartLock(lockFile: string, deadlineMs: number, signal?: AbortSignal): Promise<StartLock> {
  makeLockFile(lockFile);
  // Loaded here: a script whose server runs already never needs it.
  const sqlite = await import("bun:sqlite");
  const wait = {
    forWhat: "our turn to start or stop the embedded PostgreSQL",
    deadlineMs,
    hint: `see who is at it: fuser -v ${lockFile}`,
  };
  return waitUntil(signal === undefined ? wait : { ...wait, signal }, () =>
    tryToLock(() => new sqlite.Database(lockFile), lockFile),
  );
}

// Made here for the file system's own error. Never opened when it is there: closing any handle on a file gives up
// every POSIX lock that this process has on it, another start's in the same process too.
function makeLockFile(lockFile: string): void {
  try {
    closeSync(openSync(lockFile, "wx", 0o644));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw homeFailure(lockFile, cause);
  }
}

function tryToLock(open: () => Database, lockFile: string): { found: StartLock } | { seen: string } {
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
    throw homeFailure(lockFile, cause);
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
