// The folders below $STATE_HUB_HOME/mirrors: made whole or not at all, replaced by a rename. A run that was killed in the
// middle leaves a folder in `.making`, never half a mirror under a mirror's name.

import { appendFileSync, lstatSync, readFileSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { run } from "../../process/run.ts";
import { type Checkout, checkoutAt } from "../checkout.ts";
import { whyGitFailed } from "../git_says.ts";
import { gitEnvironment } from "../invocation.ts";

const NAME = /^(?!\.{1,2}$|\.making$)[\w.-]{1,200}$/;
const MAKING = ".making";
const DEADLINE_MS = 30_000;

/** Where the mirror of that name is. @throws OpsFailure for a name that is no plain folder name */
export function mirrorPath(home: string, name: string): string {
  if (!NAME.test(name)) throw new OpsFailure("Could not name a mirror", { observed: name, expected: String(NAME) });
  return join(home, "mirrors", name);
}

/**
 * The mirror at `path` as its files tell it; null where there is none, or where it is visibly damaged, or of the other
 * object format than `commit`.
 */
export function mirrorAt(path: string, commit: string): Checkout | null {
  if (!isFolder(path) || !isFolder(join(path, "refs")) || !isFolder(join(path, "objects"))) return null;
  const found = checkoutAt(path);
  if (!found?.bare || !/^ref: refs\/heads\/\S/.test(found.head)) return null;
  const format = objectFormat(path);
  return format === formatOf(commit) ? found : null;
}

/** An empty mirror in the making. It becomes the one at `path` by putInPlace(). */
export async function makeAside(path: string, commit: string): Promise<Checkout> {
  const making = asidePath(path, "new");
  await rm(making, { recursive: true, force: true });
  makeAsideFolder(path);
  const argv = ["git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main"];
  const env = { ...gitEnvironment(), GIT_DEFAULT_REF_FORMAT: "files" };
  const made = await run([...argv, `--object-format=${formatOf(commit)}`, "--", making], {
    env,
    deadlineMs: DEADLINE_MS,
  });
  // A cache, whose damage is noticed and mended: waiting for the disk would cost more than fetching it again.
  if (made.exitCode === 0) appendFileSync(join(making, "config"), "[core]\n\tfsync = none\n");
  const mirror = mirrorAt(making, commit);
  if (made.exitCode !== 0 || mirror === null) {
    throw new OpsFailure("Could not make a mirror", { observed: whyGitFailed(made.stderr), where: making });
  }
  return mirror;
}

/** Takes what stands at `path`, if anything does, out of the way and puts the new mirror there. */
export async function putInPlace(made: Checkout, path: string): Promise<Checkout> {
  await discard(path);
  renameSync(made.path, path);
  return { ...made, path, gitDir: path, commonDir: path };
}

/** Removes a mirror, or whatever stands under its name. */
export async function discard(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  const old = asidePath(path, "old");
  await rm(old, { recursive: true, force: true });
  makeAsideFolder(path);
  renameSync(path, old);
  await rm(old, { recursive: true, force: true });
}

/** Removes what a failed making left. */
export async function dropAside(path: string): Promise<void> {
  await rm(asidePath(path, "new"), { recursive: true, force: true });
}

/** Where mirrors are made and taken apart; their own folder is as private. */
function makeAsideFolder(path: string): void {
  makePrivateFolder(dirname(path));
  makePrivateFolder(join(dirname(path), MAKING));
}

function asidePath(path: string, what: "new" | "old"): string {
  return join(dirname(path), MAKING, `${basename(path)}.${what}`);
}

function formatOf(commit: string): "sha1" | "sha256" {
  return commit.length === 64 ? "sha256" : "sha1";
}

/** git-init(1) writes extensions.objectFormat for all but SHA-1; null when there is no config to read. */
function objectFormat(path: string): string | null {
  try {
    const config = readFileSync(join(path, "config"), "utf8");
    if (!/^\[core\]/m.test(config)) return null;
    return /^\s*objectformat\s*=\s*(\w+)/im.exec(config)?.[1] ?? "sha1";
  } catch {
    return null;
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
