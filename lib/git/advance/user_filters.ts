// Filters (git-lfs, say) that the user or the machine defines for all repositories. They are trusted, but not what they
// do inside a repository that picks them by its attributes: they ask its configuration for credentials and programs, and
// the network for contents; and when they fail, git stops half-way.
import { OpsFailure } from "../../failure.ts";
import { lastLine } from "../../process/run.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Checkout } from "../checkout.ts";
import { askGit } from "../invocation.ts";
import type { TreeChange } from "../tree_changes.ts";
import { type Left, left } from "./left_alone.ts";
import { filterAttributes, type IndexCopy } from "./work_tree_git.ts";

interface Step {
  readonly mirror: Checkout;
  readonly commit: string;
  readonly planned: readonly TreeChange[];
}

/**
 * The first planned file that such a filter would work on; null when there is none. A filter that the repository names
 * and nobody defines does nothing, and one that it defines itself was refused before.
 * @throws OpsFailure when git cannot tell
 */
export async function filterRefused(checkout: Checkout, index: IndexCopy, step: Step): Promise<Left | null> {
  const defined = await definedFilters();
  if (defined.size === 0) return null;
  const { mirror, commit } = step;
  const written = step.planned.filter(({ status }) => status !== "D").map(({ path }) => path);
  const chosen = await filterAttributes(checkout, index, { mirror, commit, paths: written });
  const found = chosen.find(({ filter }) => defined.has(filter));
  if (!found) return null;
  const words = `filter.${found.filter} of the user's own configuration would work on ${found.path}`;
  const hint = `git -C ${shellQuoted(checkout.path)} pull --ff-only`;
  return left("program_key", checkout.path, `${words}: it may ask the network, and stop half-way`, hint);
}

async function definedFilters(): Promise<Set<string>> {
  const asked = await askGit("/dev/null", "config", "-z", "--get-regexp", "^filter\\..*\\.(clean|smudge|process)$");
  // git-config(1): 1 means that there is no such key.
  if (asked.exitCode > 1)
    throw new OpsFailure("Could not read the user's git configuration", { observed: lastLine(asked.stderr) });
  const keys = asked.stdout.split("\0").map((entry) => entry.split("\n", 1)[0] ?? "");
  return new Set(keys.filter((key) => key !== "").map((key) => key.slice("filter.".length, key.lastIndexOf("."))));
}
