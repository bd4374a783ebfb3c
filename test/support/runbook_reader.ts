// The reader of a runbook who lets `scripts/runbook.ts run` go through it: a process as an operator starts it, in a world that a
// test has made. What its blocks have shown he remembers, as from his screen, until he closes his terminal.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { compareOutput, type NamedValues, namesIn } from "../../lib/runbook/expected_output.ts";
import { type Block, isCommand, type Runbook, readRunbook } from "../../lib/runbook/read_runbook.ts";
import type { BlockResult } from "../../lib/runbook/run/run_blocks.ts";
import type { RunReport } from "../../lib/runbook/run/run_report.ts";
import { recordExecuted } from "./record_executed.ts";
import { startScript } from "./script_process.ts";

const ROOT = join(import.meta.dir, "../..");
/** Longer than any block takes on a busy machine. */
export const RUN_MS = 120_000;

export interface RunbookReader {
  /** These blocks, in the page's order, by one run. Every danger is confirmed, all of them must pass. */
  runs(page: Runbook, names: readonly string[], more?: NamedValues): Promise<void>;
  /** What a block has printed, by its name; empty before it ran. */
  printed(name: string, stream?: "stdout" | "stderr"): string;
}

interface ReaderTerms {
  /** The toolkit whose pages and scripts these are; this one unless given. */
  readonly toolkit?: string;
  /** What is exported in his terminal. */
  readonly env: Readonly<Record<string, string>>;
  /** Words before the command: another account's terminal. */
  readonly through?: readonly string[];
  /** How long a block, and a whole run, may take: RUN_MS unless given. */
  readonly deadlineMs?: number;
}

export function runbookReader(terms: ReaderTerms): RunbookReader {
  const { env, through = [], deadlineMs = RUN_MS } = terms;
  let remembered: NamedValues = {};
  const screen = new Map<string, BlockResult>();
  return {
    printed: (name, stream = "stdout") => screen.get(name)?.[stream] ?? "",
    runs: async (page, names, more = {}) => {
      // What is shown a second time is another one: a new plan's file.
      const again = names.filter((name) => screen.has(name)).flatMap((name) => namesIn(shownBelow(page, name)));
      remembered = Object.fromEntries(Object.entries(remembered).filter(([name]) => !again.includes(name)));
      const around = { env: { ...env, ...remembered, ...more }, watchdogMs: deadlineMs };
      const { code, out, err } = await startScript([...through, ...runOf(page, names, terms)], around).ended;
      const report = reportIn(out, err);
      const wrong = report.blocks.filter(({ outcome }) => outcome !== "passed");
      expect({ code, wrong, ran: report.blocks.map(({ name }) => name) }).toEqual({
        code: 0,
        wrong: [],
        ran: [...names],
      });
      for (const result of report.blocks) {
        const { name, stdout } = result;
        screen.set(name, result);
        remembered = compareOutput(shownBelow(page, name), stdout, remembered).values;
        recordExecuted(page, commandNamed(page, name));
      }
    },
  };
}

/** The command line that runs these blocks, every danger confirmed. */
function runOf(
  page: Runbook,
  names: readonly string[],
  { toolkit = ROOT, deadlineMs = RUN_MS }: ReaderTerms,
): string[] {
  const dangers = names.map((name) => commandNamed(page, name)).filter(({ kind }) => kind === "danger");
  const words = dangers.map(({ name, confirm }) => `${name}=${confirm}`).join(",");
  const timeout = String(Math.ceil(deadlineMs / 1_000));
  const argv = [join(toolkit, "scripts/runbook.ts"), "run", page.file, "--json", "--quiet", "--timeout", timeout];
  return [...argv, "--only", names.join(","), ...(words ? ["--confirm", words] : [])];
}

export interface Rehearsal {
  /** By a file's name: "git_hook". */
  readonly page: string;
  readonly reader: () => RunbookReader;
  /** What happens before a block: an outage, a change of a file. */
  readonly before?: Readonly<Record<string, () => Promise<unknown> | unknown>>;
  /** Other than the page's own order, or without the blocks that need another world. */
  readonly order?: readonly string[];
  /** Of each test: RUN_MS unless given. */
  readonly deadlineMs?: number;
}

/** Registers a test for each stretch of blocks in which nothing else happens. @returns the page */
export function rehearse({ page: name, reader, before = {}, order, deadlineMs = RUN_MS }: Rehearsal): Runbook {
  const page = pageNamed(name);
  const inOrder = page.blocks.filter(isCommand).map((block) => block.name);
  for (const names of stretches(order ?? inOrder, inOrder, before)) {
    test(
      `${name}: ${names.join(", ")}, by runbook.ts run, do what the page says`,
      async () => {
        await before[names[0] ?? ""]?.();
        await reader().runs(page, names);
      },
      deadlineMs,
    );
  }
  return page;
}

export function pageNamed(name: string): Runbook {
  return readRunbook(join(ROOT, "runbooks", `${name}.md`));
}

/** A run goes through a page in the page's order: whoever goes back in it begins another one. */
function stretches(order: readonly string[], inOrder: readonly string[], before: object): string[][] {
  const all: string[][] = [];
  for (const name of order) {
    const last = all.at(-1);
    const follows = last !== undefined && inOrder.indexOf(name) > inOrder.indexOf(last.at(-1) ?? "");
    if (follows && !(name in before)) last.push(name);
    else all.push([name]);
  }
  return all;
}

function commandNamed({ blocks, file }: Runbook, name: string): Block {
  const block = blocks.find((each) => each.name === name && isCommand(each));
  if (block === undefined) throw new Error(`there is no command named ${name} in ${file}`);
  return block;
}

function shownBelow({ blocks }: Runbook, name: string): string {
  return blocks.find((each) => each.name === `${name}-output`)?.text ?? "…";
}

function reportIn(out: string, err: string): RunReport {
  const document = JSON.parse(out || "{}");
  if (!Array.isArray(document.blocks)) throw new Error(`no run began: ${out}${err}`);
  return document;
}
