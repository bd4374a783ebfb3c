// The word that lets each danger run: typed when its turn comes, or given beforehand by --confirm BLOCK=WORD. (pure)
import { usageFailure } from "../../failure.ts";
import type { RunPlan } from "./plan_run.ts";

/**
 * @param typed the run, as it is typed without its confirmations
 * @param given "BLOCK=WORD", several with commas between them
 * @returns names of the blocks that are confirmed
 * @throws OpsFailure (usage) for a block that the run does not have, for one that is no danger, for another word
 */
export function confirmedBlocks(typed: string, plan: RunPlan, given: string | undefined): ReadonlySet<string> {
  const pairs = (given ?? "").split(",").filter((pair) => pair.trim() !== "");
  return new Set(pairs.map((pair) => confirmedBlock(typed, plan, pair.trim())));
}

/** The dangers of a run that nothing has confirmed. */
export function unconfirmed({ blocks, cleanups }: RunPlan, confirmed: ReadonlySet<string>): string[] {
  return [...blocks, ...cleanups]
    .filter(({ block }) => block.kind === "danger" && !confirmed.has(block.name))
    .map(({ block }) => block.name);
}

function confirmedBlock(typed: string, { blocks, cleanups }: RunPlan, pair: string): string {
  const [name = "", word = ""] = pair.split("=");
  const block = [...blocks, ...cleanups].find((each) => each.block.name === name)?.block;
  const refuse = (observed: string, expected: string) =>
    usageFailure("Could not use --confirm", { observed, expected, hint: `${typed} --dry-run` });
  if (block === undefined) throw refuse(`${name} is no block of this run`, "BLOCK=WORD, of a danger");
  if (block.kind !== "danger") throw refuse(`${name} is of class ${block.kind}`, "a danger; no other asks");
  if (word !== block.confirm) throw refuse(`${name}=${word}`, "the word that its page names, confirm=...");
  return name;
}
