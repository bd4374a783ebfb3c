// Which blocks of a page a run goes through, and what has to be known before the first of them. A run that stops half way
// because a variable was never set has changed what comes before it for nothing. (pure)

import { didYouMean } from "../../cli/did_you_mean.ts";
import { usageFailure } from "../../failure.ts";
import { namesIn } from "../expected_output.ts";
import { type Block, isCommand } from "../read_runbook.ts";
import { expansionsIn, simpleCommands } from "../shell_words.ts";
import type { Page } from "../toolkit_pages.ts";

/** What a run goes through by itself; going back, and what to do about a refusal, is asked for by a block's name. */
const SECTIONS = ["Look", "Do", "How you know it worked"];

export interface Choice {
  /** The block to begin with; with one of another section, that section from there. */
  readonly from?: string | undefined;
  /** These alone, by name, with commas between them. */
  readonly only?: string | undefined;
  /** Every section: for rehearsals. */
  readonly all?: boolean;
}

/** A run of that runbook with the same choice, as it is typed. */
export function runCommand(runbook: string, { all, from, only, timeoutSeconds }: TypedRun): string {
  const flags = [
    all ? " --all" : "",
    from === undefined ? "" : ` --from ${from}`,
    only === undefined ? "" : ` --only ${only}`,
    timeoutSeconds === undefined ? "" : ` --timeout ${timeoutSeconds}`,
  ];
  return `scripts/runbook.ts run ${runbook}${flags.join("")}`;
}

export interface TypedRun extends Choice {
  /** For each block; none was given: undefined. */
  readonly timeoutSeconds?: number | undefined;
}

export interface PlannedBlock {
  readonly block: Block;
  /** What the page shows beneath it. */
  readonly shown: string | null;
  readonly wantedExit: number;
}

export interface RunPlan {
  readonly blocks: readonly PlannedBlock[];
  /** They run last, whatever the others came to. */
  readonly cleanups: readonly PlannedBlock[];
}

/** @throws OpsFailure (usage) for a block that is not there, or no block at all */
export function planRun(page: Page, choice: Choice): RunPlan {
  const commands = page.blocks.filter(isCommand);
  const chosen = chosenBlocks(page, commands, choice);
  if (chosen.length === 0) {
    throw usageFailure("Could not find a block to run", { where: page.file, hint: "scripts/runbook.ts list" });
  }
  const isCleanup = ({ when }: Block) => when === "cleanup";
  // By its own name it is run where it stands: there is nothing else to wait for.
  const cleanups = choice.only === undefined ? commands.filter(isCleanup) : [];
  const planned = (block: Block) => plannedBlock(page, block);
  return {
    blocks: chosen.filter((block) => !cleanups.includes(block)).map(planned),
    cleanups: cleanups.map(planned),
  };
}

/** The placeholders that nothing gives a value to, each with the first block that needs it, in the order of the run. */
export function missingValues(
  { blocks, cleanups }: RunPlan,
  env: Readonly<Record<string, string>>,
): { readonly name: string; readonly block: string }[] {
  const given = new Set(Object.keys(env).filter((name) => env[name] !== ""));
  const missing = new Map<string, string>();
  const look = ({ block }: PlannedBlock, values: ReadonlySet<string>) => {
    for (const name of neededBy(block)) if (!values.has(name) && !missing.has(name)) missing.set(name, block.name);
  };
  // What a block shows may never be seen, and clean-up has to work then, too.
  for (const cleanup of cleanups) look(cleanup, given);
  const later = new Set(given);
  for (const planned of blocks) {
    look(planned, later);
    for (const name of valuesFrom(planned)) later.add(name);
  }
  return [...missing].map(([name, block]) => ({ name, block }));
}

/** The `"${NAME:?}"` of a block. */
export function neededBy({ text }: Pick<Block, "text">): string[] {
  const asked = expansionsIn(text).filter((each) => each.text.includes(":?"));
  return [...new Set(asked.map(({ name }) => name))];
}

/** What it exports, and what the page names in its output. */
function valuesFrom({ block, shown }: PlannedBlock): string[] {
  const exported = simpleCommands(block.text)
    .filter(([program]) => program === "export")
    .flatMap(([, ...words]) => words.map((word) => word.split("=")[0] ?? ""));
  return [...exported, ...namesIn(shown ?? "")];
}

function chosenBlocks(page: Page, commands: readonly Block[], { from, only, all }: Choice): readonly Block[] {
  if (from !== undefined && only !== undefined) {
    throw usageFailure("Could not choose the blocks", {
      observed: "--from and --only together",
      expected: "one of them",
    });
  }
  if (only !== undefined) {
    const named = only.split(",").map((name) => blockNamed(page, commands, name.trim()));
    return commands.filter((block) => named.includes(block));
  }
  const first = from === undefined ? null : blockNamed(page, commands, from);
  const sections = all ? null : first && !SECTIONS.includes(first.section) ? [first.section] : SECTIONS;
  const within = commands.filter(({ section }) => sections === null || sections.includes(section));
  return first === null ? within : within.slice(within.indexOf(first));
}

function blockNamed(page: Page, commands: readonly Block[], name: string): Block {
  const found = commands.find((block) => block.name === name);
  if (found) return found;
  const names = commands.map((block) => block.name);
  const near = didYouMean(name, names);
  throw usageFailure("Could not find the block", {
    where: page.file,
    observed: name === "" ? "an empty name" : name,
    expected: near === undefined ? `one of ${names.join(", ")}` : `${near}, perhaps`,
    hint: `scripts/runbook.ts run ${page.file} --dry-run`,
  });
}

function plannedBlock({ blocks }: Page, block: Block): PlannedBlock {
  const output = blocks.find(({ kind, name }) => kind === "output" && name === `${block.name}-output`);
  return { block, shown: output?.text ?? null, wantedExit: block.exit === "" ? 0 : Number(block.exit) };
}
