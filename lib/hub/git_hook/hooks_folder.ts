// Where git looks for the hooks of a repository, as git itself says: `core.hooksPath` may stand in any of its files, and a
// linked worktree has its main checkout's. A folder that many repositories share is not one repository's to write into.
import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { type Checkout, canonicalPath } from "../../git/checkout.ts";
import { askGit, gitEnvironment } from "../../git/invocation.ts";
import { lastLine, run } from "../../process/run.ts";

const DEADLINE_MS = 30_000;

/** @throws OpsFailure (automation) when git cannot tell */
export async function hooksFolder({ path, gitDir, bare }: Checkout): Promise<string> {
  // As lib/git asks, less the override that would hide the answer. It reads configuration, and runs nothing.
  const question = ["-c", "core.fsmonitor=false", "rev-parse", "--git-path", "hooks"];
  const argv = ["git", `--git-dir=${gitDir}`, "--no-pager", ...question];
  const asked = await run(argv, { cwd: path, env: gitEnvironment(), deadlineMs: DEADLINE_MS });
  const said = asked.stdout.replace(/\n$/, "");
  if (asked.exitCode !== 0 || said === "")
    throw new OpsFailure("Could not find the hooks of the repository", {
      observed: lastLine(asked.stderr),
      where: path,
    });
  // git-config(1), core.hooksPath: relative to where hooks run, which is the top of the files, or the bare repository.
  return realPlace(resolve(bare ? gitDir : path, said));
}

/**
 * Why nothing may be written into this hooks folder for this repository alone; null when it may.
 * @param folder as hooksFolder() gives it
 */
export async function sharedFolder(checkout: Checkout, folder: string): Promise<string | null> {
  const { path, gitDir, commonDir } = checkout;
  if ([commonDir, gitDir].some((own) => isWithin(folder, canonicalPath(own)))) return null;
  const top = canonicalPath(path);
  if (!isWithin(folder, top)) return `core.hooksPath is ${folder}, outside of the repository: others may share it`;
  const hook = join(relative(top, folder), "post-commit");
  const asked = await askGit(gitDir, "ls-files", "--cached", "-z", "--", `:(top,literal)${hook}`);
  if (asked.exitCode !== 0)
    throw new OpsFailure("Could not read the repository's index", { observed: lastLine(asked.stderr), where: path });
  return asked.stdout === "" ? null : "it is committed in the repository, for everybody who clones it";
}

/** With symlinks resolved, also where the last folders are not there yet. */
function realPlace(path: string): string {
  return existsSync(path) || dirname(path) === path
    ? canonicalPath(path)
    : join(realPlace(dirname(path)), basename(path));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}
