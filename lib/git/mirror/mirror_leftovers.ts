// What a git that was killed leaves in a mirror: locks that would block every later run, half a pack for each attempt that
// ran into its deadline. Only in our own mirrors, and only when no git works there any more.
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "../../wait_until.ts";
import { gitProcessesIn } from "./git_processes.ts";

/** No ref, object or reflog can have such a name: git-check-ref-format(1) bars `.lock` at the end. */
const LEFT = {
  top: /\.lock$|^fast_import_crash_/,
  objects: /^tmp_|^incoming-|^quarantine-/,
  /** In the folders of loose objects: one for each unpacking that was killed or ran out of disk, as large as its file. */
  loose: /^tmp_obj_/,
  pack: /\.lock$|^\.?tmp[_-]|\.keep$/,
  below: /\.lock$/,
} as const;
const DEADLINE_MS = 5_000;

/**
 * Removes leftovers; costs a few readings of folders when there are none.
 * @throws OpsFailure when a git is still at work there at the deadline: then they are no leftovers
 */
export async function clearLeftovers(gitDir: string, deadlineMs = DEADLINE_MS): Promise<void> {
  if (leftovers(gitDir).length === 0) return;
  const wait = { forWhat: `another git to end its work in the mirror ${gitDir}`, deadlineMs, intervalMs: 50 };
  await waitUntil(wait, async () => {
    const pids = await gitProcessesIn(gitDir);
    return pids.length === 0 ? { found: true } : { seen: `process ${pids.join(", ")} is at work there` };
  });
  for (const path of leftovers(gitDir)) await rm(path, { recursive: true, force: true });
}

function leftovers(gitDir: string): string[] {
  return [
    ...namesIn(gitDir, LEFT.top),
    ...namesIn(join(gitDir, "objects"), LEFT.objects),
    ...looseFolders(gitDir).flatMap((folder) => namesIn(folder, LEFT.loose)),
    ...namesIn(join(gitDir, "objects/pack"), LEFT.pack),
    ...namesIn(join(gitDir, "objects/info"), LEFT.below),
    ...below(join(gitDir, "refs")),
    ...below(join(gitDir, "logs")),
  ];
}

/** gitrepository-layout(5): named by the first two digits of the ids of what is in them. */
function looseFolders(gitDir: string): string[] {
  return namesIn(join(gitDir, "objects"), /^[0-9a-f]{2}$/);
}

function namesIn(folder: string, pattern: RegExp): string[] {
  return entriesOf(folder)
    .filter(({ name }) => pattern.test(name))
    .map(({ name }) => join(folder, name));
}

function below(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return LEFT.below.test(entry.name) ? [path] : entry.isDirectory() ? below(path) : [];
  });
}

function entriesOf(folder: string): Dirent[] {
  const there = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return there ? readdirSync(folder, { withFileTypes: true }) : [];
}
