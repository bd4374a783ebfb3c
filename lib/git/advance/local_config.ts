// What a repository says in its own configuration, read as text: git itself would follow its includes and act on it.
import { existsSync } from "node:fs";
import { OpsFailure } from "../../failure.ts";
import { lastLine } from "../../process/run.ts";
import type { Checkout } from "../checkout.ts";
import { askGit } from "../invocation.ts";
import type { LocalKey } from "./program_keys.ts";

/** git-worktree(1), "CONFIGURATION FILE": the second file counts only where the first one says so. */
export function configFiles({ commonDir, gitDir }: Checkout): { shared: string; worktree: string } {
  return { shared: `${commonDir}/config`, worktree: `${gitDir}/config.worktree` };
}

/**
 * Every key of the configuration that belongs to this checkout, in the order in which git reads it.
 * @throws OpsFailure when git cannot read a file of it
 */
export async function localConfig(checkout: Checkout): Promise<LocalKey[]> {
  const { shared, worktree } = configFiles(checkout);
  const keys = await keysIn(checkout, shared);
  const more = keys.some(({ key }) => key === "extensions.worktreeconfig") && existsSync(worktree);
  return more ? [...keys, ...(await keysIn(checkout, worktree))] : keys;
}

/** Whether the last value of a key is true, as git reads one. */
export function isTrue(keys: readonly LocalKey[], wanted: string): boolean {
  const last = keys.findLast(({ key }) => key === wanted);
  return last !== undefined && (last.value === null || /^(?:true|yes|on|[1-9]\d*)$/i.test(last.value));
}

async function keysIn({ gitDir }: Checkout, file: string): Promise<LocalKey[]> {
  if (!existsSync(file)) return [];
  const asked = await askGit(gitDir, "config", "--file", file, "--no-includes", "--list", "-z");
  if (asked.exitCode !== 0)
    throw new OpsFailure("Could not read the repository's configuration", {
      observed: lastLine(asked.stderr),
      where: file,
    });
  const entries = asked.stdout.split("\0").slice(0, -1);
  return entries.map((entry) => {
    const at = entry.indexOf("\n");
    return at < 0 ? { key: entry, value: null, file } : { key: entry.slice(0, at), value: entry.slice(at + 1), file };
  });
}
