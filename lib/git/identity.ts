// What tells one repository from another wherever it is cloned: its remote's URL and its first commits.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { printableUrl } from "../secret.ts";
import type { Checkout } from "./checkout.ts";
import { askGit } from "./invocation.ts";

export interface RepoIdentity {
  /** `remote.origin.url` without its password; null when there is no remote. */
  readonly remoteUrl: string | null;
  /** Ids of the commits without parents, sorted, joined by spaces; null in a shallow clone, where they can't be known. */
  readonly rootCommits: string | null;
}

/** @throws OpsFailure when git cannot walk the history */
export async function readIdentity(checkout: Checkout, commit: string): Promise<RepoIdentity> {
  const config = join(checkout.commonDir, "config");
  const url = await askGit(checkout.gitDir, "config", "--file", config, "--no-includes", "--get", "remote.origin.url");
  const remoteUrl = url.exitCode === 0 ? printableUrl(url.stdout.trim()) : null;
  return { remoteUrl, rootCommits: await rootCommits(checkout, commit) };
}

async function rootCommits(checkout: Checkout, commit: string): Promise<string | null> {
  if (existsSync(join(checkout.commonDir, "shallow"))) return null;
  const asked = await askGit(checkout.gitDir, "rev-list", "--max-parents=0", commit, "--");
  if (asked.exitCode !== 0) {
    throw new OpsFailure("Could not read the repository's history", {
      observed: asked.stderr.trim(),
      where: checkout.path,
    });
  }
  return asked.stdout.trim().split("\n").sort().join(" ");
}

/** Whether `ancestor` is `commit` or comes before it; null when git cannot tell (an object is missing). */
export async function isAncestor(checkout: Checkout, ancestor: string, commit: string): Promise<boolean | null> {
  const { exitCode } = await askGit(checkout.gitDir, "merge-base", "--is-ancestor", ancestor, commit);
  return exitCode === 0 ? true : exitCode === 1 ? false : null;
}
