// The folder that everything lies in, looked at before anything is written: a home that is a file, belongs to somebody
// else or cannot be reached by the server's account otherwise fails later, in initdb's words instead of ours.
import { accessSync, constants, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { nameOfUid, type ServerUser, whoWeAre } from "./server_user.ts";

/**
 * Makes the home (0755: the server's account must get through) if it is missing, and proves that we may write in it.
 * @throws OpsFailure naming the path, who we are, and what stands in the way
 */
export function openHome(home: string): Layout {
  try {
    mkdirSync(home, { recursive: true, mode: 0o755 });
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw homeFailure(home, cause);
  }
  return layoutOf(home);
}

/** A folder that we need, as its failures call it. */
export interface NeededFolder {
  /** "Could not use the home of the embedded State Hub" */
  readonly couldNot: string;
  /** The command that chooses another. */
  readonly another: string;
}

export const HOME: NeededFolder = {
  couldNot: "Could not use the home of the embedded State Hub",
  another: "export STATE_HUB_HOME=DIR",
};

/** A file system's error about a path in the home, in our words: what is in the way, who we are, what to try. */
export function homeFailure(path: string, cause: unknown): OpsFailure {
  return folderFailure(HOME, path, cause);
}

/** The same about any folder. */
export function folderFailure(needed: NeededFolder, path: string, cause: unknown): OpsFailure {
  if (cause instanceof OpsFailure) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const blocking = nearest(path);
  const where = blocking?.path ?? path;
  const denied = `permission denied for ${whoWeAre()}${blocking === null ? "" : `; it is ${owned(blocking.stats)}`}`;
  const observed: Record<string, string> = {
    EACCES: denied,
    EPERM: denied,
    EROFS: "the file system is read-only",
    ENOSPC: "no space left on device",
    EEXIST: "it is a file",
    ENOTDIR: "it is a file",
  };
  return new OpsFailure(needed.couldNot, {
    observed: observed[code] ?? String(cause),
    expected: code === "ENOSPC" ? "some free space" : "a folder that we may read and write",
    where,
    hint: code === "ENOSPC" ? `df -h ${where}` : `ls -ld ${where}; or choose another: ${needed.another}`,
    cause,
  });
}

/** @throws OpsFailure naming the folder that is closed to the server's account */
export async function proveReachable(layout: Layout, user: ServerUser, env: Record<string, string>): Promise<void> {
  await proveMayEnter({ ...HOME, another: "export STATE_HUB_HOME=/var/lib/state-hub" }, layout.home, user, env);
}

/**
 * Runs one `test -x` as the server's account: permission bits alone do not know about ACLs.
 * @throws OpsFailure naming the folder that is closed to it
 */
export async function proveMayEnter(
  needed: NeededFolder,
  folder: string,
  user: ServerUser,
  env: Record<string, string>,
): Promise<void> {
  if (!user.switched) return;
  const argv = user.command(["test", "-x", folder]);
  if ((await run(argv, { env, cwd: "/", deadlineMs: 10_000 })).exitCode === 0) return;
  const closed = pathDown(folder).find((path) => (statSync(path).mode & 0o001) === 0) ?? folder;
  throw new OpsFailure(needed.couldNot, {
    observed: `the server runs as ${user.name}, who may not enter ${closed}, which is ${owned(statSync(closed))}`,
    expected: "a path that it may enter (x for others on every folder)",
    where: folder,
    // A folder of ours; one above it may be closed on purpose.
    hint: closed === folder ? `chmod o+x ${shellQuoted(closed)}` : needed.another,
  });
}

function owned(stats: Stats): string {
  return `mode ${(stats.mode & 0o7777).toString(8).padStart(4, "0")} of ${nameOfUid(stats.uid)}`;
}

/** The path itself, or the deepest folder above it that can be looked at. */
function nearest(path: string): { path: string; stats: Stats } | null {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: at, stats: statSync(at) };
    } catch {
      if (at === dirname(at)) return null;
    }
  }
}

/** `/a/b` as `/`, `/a`, `/a/b`. */
function pathDown(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...pathDown(parent), path];
}
