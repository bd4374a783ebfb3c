// How a checkout's branch and the commit that it should come to stand to each other, asked of those who know them.
import { OpsFailure } from "../failure.ts";
import { lastLine } from "../process/run.ts";
import type { Checkout } from "./checkout.ts";
import { askGit } from "./invocation.ts";
import { textOf } from "./repository_files.ts";

export interface Pair {
  readonly tip: string;
  readonly commit: string;
  readonly checkout: Checkout;
  readonly mirror: Checkout;
}

/**
 * `contains`: the tip is the commit or comes after it; `behind`: before it. The mirror is asked first, since the checkout
 * may not have the commit yet; the checkout alone knows commits that were never pushed.
 */
export async function relationOf({ tip, commit, checkout, mirror }: Pair): Promise<"contains" | "behind" | "diverged"> {
  if (tip === commit) return "contains";
  const behind = await isAncestor(mirror, tip, commit);
  if (behind === true) return "behind";
  const holder = behind === false ? mirror : checkout;
  return (await isAncestor(holder, commit, tip)) === true ? "contains" : "diverged";
}

/**
 * A commit between the two whose parents the mirror lacks, because it is shallow: brought into a whole repository, it
 * would leave a hole in the history. Null when there is none.
 * @throws OpsFailure when git cannot walk the history
 */
export async function cutOffBetween(mirror: Checkout, tip: string, commit: string): Promise<string | null> {
  const shallow = textOf(`${mirror.commonDir}/shallow`);
  if (shallow === null) return null;
  const cut = new Set(shallow.split("\n"));
  const asked = await askGit(mirror.gitDir, "rev-list", commit, `^${tip}`, "--");
  if (asked.exitCode !== 0)
    throw new OpsFailure("Could not walk the mirror's history", {
      observed: lastLine(asked.stderr),
      where: mirror.gitDir,
    });
  return asked.stdout.split("\n").find((id) => id !== "" && cut.has(id)) ?? null;
}

/** Whether `ancestor` is `commit` or comes before it; null when git cannot tell (an object is missing). */
export async function isAncestor(checkout: Checkout, ancestor: string, commit: string): Promise<boolean | null> {
  const { exitCode } = await askGit(checkout.gitDir, "merge-base", "--is-ancestor", ancestor, commit);
  return exitCode === 0 ? true : exitCode === 1 ? false : null;
}
