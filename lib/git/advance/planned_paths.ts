// Which paths a fast-forward would write or remove, and what of a checkout's own stands there. git overwrites ignored
// files unless told otherwise, stops half-way at a folder that it may not write to, and leaves a submodule behind.
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { lastLine, run } from "../../process/run.ts";
import type { Checkout } from "../checkout.ts";
import { gitArgv, gitEnvironment } from "../invocation.ts";
import { statOf } from "../repository_files.ts";
import { parseTreeChanges, type TreeChange } from "../tree_changes.ts";
import { type Left, left } from "./left_alone.ts";
import { foreignOwner, isWritable } from "./write_access.ts";

const SUBMODULE = "160000";
const DEADLINE_MS = 60_000;
const MAX_OUTPUT_BYTES = 128 * 1024 * 1024;

/**
 * What differs between two commits, asked of the repository that has both.
 * @throws OpsFailure when git cannot compare them
 */
export async function plannedPaths({ gitDir }: Checkout, from: string, to: string): Promise<TreeChange[]> {
  const argv = gitArgv(gitDir, "diff-tree", "-r", "-z", "--raw", "--no-renames", from, to, "--");
  const limits = { deadlineMs: DEADLINE_MS, maxOutputBytes: MAX_OUTPUT_BYTES };
  const asked = await run(argv, { env: gitEnvironment(), ...limits });
  if (asked.exitCode !== 0)
    throw new OpsFailure("Could not tell what a fast-forward changes", {
      observed: lastLine(asked.stderr),
      where: gitDir,
    });
  return parseTreeChanges(asked.stdout);
}

/** The first thing in the work tree at `top` that stands in the way; null when every planned path is free. */
export function pathRefused(top: string, planned: readonly TreeChange[]): Left | null {
  const gone = new Set(planned.filter(({ status }) => status === "D").map(({ path }) => path));
  for (const each of planned) {
    const refused = submoduleRefused(top, each) ?? overwriteRefused(top, each, gone) ?? accessRefused(top, each.path);
    if (refused !== null) return refused;
  }
  return null;
}

/** Left at its old commit, it would look like a change of the checkout's, which the next `git commit -a` would publish. */
function submoduleRefused(top: string, { path, oldMode, newMode }: TreeChange): Left | null {
  const concerned = oldMode === SUBMODULE || newMode === SUBMODULE;
  if (!concerned || !existsSync(`${top}/${path}/.git`)) return null;
  return left("submodule", top, `the submodule ${path} would stay at its old commit`);
}

/** The checkout is clean, so that whatever stands at a path that is new is not git's: untracked, or ignored. */
function overwriteRefused(top: string, { path, status }: TreeChange, gone: ReadonlySet<string>): Left | null {
  if (status !== "A") return null;
  const taken = takenPath(top, path, gone);
  if (taken === null) return null;
  const what = taken === path ? `${path} would be written` : `${path} would be written, and ${taken} is there`;
  return left("would_overwrite", top, `${what}: it is not in the branch yet, untracked or ignored`);
}

function takenPath(top: string, path: string, gone: ReadonlySet<string>): string | null {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const parent = parts.slice(0, depth).join("/");
    const stat = statOf(`${top}/${parent}`);
    if (!stat) return null;
    // A file or a link where a folder is to be: tracked and removed by the same step, or somebody's own.
    if (!stat.isDirectory()) return gone.has(parent) ? null : parent;
  }
  const stat = statOf(`${top}/${path}`);
  if (!stat) return null;
  return stat.isDirectory() ? firstKept(top, path, gone) : path;
}

/** The first file of a folder that the fast-forward would not remove by itself. */
function firstKept(top: string, folder: string, gone: ReadonlySet<string>): string | null {
  for (const entry of readdirSync(`${top}/${folder}`, { withFileTypes: true })) {
    const inside = `${folder}/${entry.name}`;
    const kept = entry.isDirectory() ? firstKept(top, inside, gone) : gone.has(inside) ? null : inside;
    if (kept !== null) return kept;
  }
  return null;
}

/** git replaces a file by a new one: that takes a folder which may be written to, and makes the file ours. */
function accessRefused(top: string, path: string): Left | null {
  const foreign = foreignOwner(`${top}/${path}`);
  if (foreign !== null) return left("not_ours", top, foreign);
  let folder = dirname(`${top}/${path}`);
  while (!existsSync(folder)) folder = dirname(folder);
  return isWritable(folder) ? null : left("read_only", top, `${folder} cannot be written to`);
}
