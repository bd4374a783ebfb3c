// Where a drill keeps what it makes: one folder a run, gone with the run. A run that was killed leaves gigabytes and a
// server at work; the next one ends and removes both, and never touches a run that lives.
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { describeFailure, OpsFailure } from "../failure.ts";
import { endProgramsIn } from "../postgres/disposable/end_programs.ts";
import { folderFailure, type NeededFolder, proveMayEnter } from "../postgres/home.ts";
import { type ServerUser, serverUser } from "../postgres/server_user.ts";
import { type StartLock, takeStartLock, tryStartLock } from "../postgres/start_lock.ts";

interface OpenWorkspace {
  /** `$STATE_HUB_HOME/drill`, or what --workspace says; made when it is missing. */
  readonly folder: string;
  /** `environmentForPrograms()` */
  readonly env: Record<string, string>;
  /** One line for each thing that a dead run left and that was removed, or could not be. */
  readonly note: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface Workspace {
  /** Without symlinks. Nobody but us and the account of the server gets in, and that one cannot list it. */
  readonly folder: string;
  /** Ends what still runs in it and removes it. A second call waits for the first. */
  close(): Promise<void>;
}

const WORKSPACE: NeededFolder = { couldNot: "Could not use the drill's workspace", another: "--workspace DIR" };
const TURN = ".drill-turn.lock";
// The kernel ends a lock with its holder, kill -9 included, in whatever container that was: a pid proves less.
const OWNER = "owner.lock";
const OF_A_RUN = /^drill-(\d+)-[0-9a-f]{8}$/;

/** @throws OpsFailure naming the folder and what stands in the way; nothing is left behind then */
export async function openWorkspace(options: OpenWorkspace): Promise<Workspace> {
  const root = makeRoot(options.folder);
  const purpose = { forWhat: "our turn to make a workspace", folder: WORKSPACE };
  const turn = await takeStartLock(join(root, TURN), 60_000, options.signal, purpose);
  try {
    await removeDeadRuns(root, options.note);
    return await makeRun(root, options.env);
  } finally {
    turn.release();
  }
}

/** Passable for all, since the server's account must get through to its data; listed by nobody else. */
function makeRoot(folder: string): string {
  try {
    const made = mkdirSync(folder, { recursive: true });
    // Whatever the umask is; a folder that was there keeps its mode.
    if (made !== undefined) for (const path of pathsBetween(made, resolve(folder))) chmodSync(path, 0o711);
    return realpathSync(folder);
  } catch (cause) {
    throw folderFailure(WORKSPACE, folder, cause);
  }
}

/** `/a` and `/a/b/c` as `/a`, `/a/b`, `/a/b/c`. */
function pathsBetween(top: string, path: string): string[] {
  return path === top || path === dirname(path) ? [path] : [...pathsBetween(top, dirname(path)), path];
}

async function makeRun(root: string, env: Record<string, string>): Promise<Workspace> {
  const user = serverUser(null);
  const folder = join(root, `drill-${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
  makeRunFolder(folder, user);
  let owner: StartLock | null = null;
  try {
    owner = await lockOf(folder);
    if (owner === null) throw new OpsFailure(WORKSPACE.couldNot, { observed: "it is locked already", where: folder });
    await proveMayEnter(WORKSPACE, folder, user, env);
  } catch (cause) {
    owner?.release();
    await removeFolder(folder);
    throw cause;
  }
  const held = owner;
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= removeRun(folder, held).then(() => {});
    return closed;
  };
  return { folder, close };
}

function makeRunFolder(folder: string, user: ServerUser): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (!user.switched) return;
    // The account gets through by its group: nobody else needs to.
    chownSync(folder, process.getuid?.() ?? 0, user.gid);
    chmodSync(folder, 0o710);
  } catch (cause) {
    throw folderFailure(WORKSPACE, folder, cause);
  }
}

/** The caller has its turn, so that no run is seen between the making of its folder and its lock. */
async function removeDeadRuns(root: string, note: (line: string) => void): Promise<void> {
  for (const name of readNames(root)) {
    const folder = join(root, name);
    if (!OF_A_RUN.test(name) || !isOurs(folder)) continue;
    try {
      const owner = await lockOf(folder);
      if (owner === null) continue;
      const ended = await removeRun(folder, owner);
      const with_ = ended.length === 0 ? "" : ` and ended ${ended.join(", ")}`;
      note(`Removed ${folder}, left by a drill that was killed (pid ${OF_A_RUN.exec(name)?.[1]})${with_}`);
    } catch (error) {
      // It takes space, but stands in nobody's way.
      note(`Could not remove ${folder}, left by a drill that was killed: ${describeFailure(error)}`);
    }
  }
}

function readNames(root: string): string[] {
  try {
    return readdirSync(root);
  } catch (cause) {
    throw folderFailure(WORKSPACE, root, cause);
  }
}

/** A folder, no link, and made by our account: in /tmp anybody may put something by that name. */
function isOurs(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

/** Null while the run lives. */
function lockOf(folder: string): Promise<StartLock | null> {
  return tryStartLock(join(folder, OWNER), { forWhat: "a workspace", folder: WORKSPACE });
}

/** The lock goes last: with it gone, half a folder would count as a dead run's. */
async function removeRun(folder: string, owner: StartLock): Promise<string[]> {
  try {
    const ended = await endProgramsIn({ folder });
    for (const name of readNames(folder)) if (name !== OWNER) await removeFolder(join(folder, name));
    await removeFolder(folder);
    return ended;
  } finally {
    owner.release();
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  } catch (cause) {
    throw folderFailure(WORKSPACE, path, cause);
  }
}
