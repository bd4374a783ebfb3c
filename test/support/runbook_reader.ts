// The reader of a runbook who lets `scripts/runbook.ts run` go through it: a process as an operator starts it, in a world that a
// test has made. What its blocks have shown he remembers, as from his screen, until he closes his terminal.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { compareOutput, type NamedValues } from "../../lib/runbook/expected_output.ts";
import { type Block, isCommand, type Runbook, readRunbook } from "../../lib/runbook/read_runbook.ts";
import type { RunReport } from "../../lib/runbook/run/run_report.ts";
import { recordExecuted } from "./record_executed.ts";
import { startScript } from "./script_process.ts";

const ROOT = join(import.meta.dir, "../..");
/** Longer than any block takes on a busy machine. */
export const RUN_MS = 120_000;

export interface RunbookReader {
  /** These blocks, in the page's order, by one run. Every danger is confirmed, all of them must pass. */
  runs(page: Runbook, names: readonly string[], more?: NamedValues): Promise<void>;
}

interface ReaderTerms {
  /** The toolkit whose pages and scripts these are; this one unless given. */
  readonly toolkit?: string;
  /** What is exported in his terminal. */
  readonly env: Readonly<Record<string, string>>;
}

export function runbookReader({ toolkit = ROOT, env }: ReaderTerms): RunbookReader {
  let remembered: NamedValues = {};
  return {
    runs: async (page, names, more = {}) => {
      const blocks = names.map((name) => commandNamed(page, name));
      const argv = [
        join(toolkit, "scripts/runbook.ts"),
        "run",
        page.file,
        "--json",
        "--quiet",
        "--only",
        names.join(","),
      ];
      const dangers = blocks.filter(({ kind }) => kind === "danger");
      const words = dangers.map(({ name, confirm }) => `${name}=${confirm}`).join(",");
      const terms = { env: { ...env, ...remembered, ...more }, watchdogMs: RUN_MS };
      const { code, out, err } = await startScript([...argv, ...(words ? ["--confirm", words] : [])], terms).ended;
      const report = reportIn(out, err);
      const wrong = report.blocks.filter(({ outcome }) => outcome !== "passed");
      expect({ code, wrong, ran: report.blocks.map(({ name }) => name) }).toEqual({
        code: 0,
        wrong: [],
        ran: [...names],
      });
      for (const { name, stdout } of report.blocks) {
        remembered = compareOutput(shownBelow(page, name), stdout, remembered).values;
        recordExecuted(page, commandNamed(page, name));
      }
    },
  };
}

export interface Rehearsal {
  /** By a file's name: "git_hook". */
  readonly page: string;
  readonly reader: () => RunbookReader;
  /** What happens before a block: an outage, a change of a file. */
  readonly before?: Readonly<Record<string, () => Promise<unknown> | unknown>>;
  /** Other than the page's own order, or without the blocks that need another world. */
  readonly order?: readonly string[];
}

/** Registers a test for each stretch of blocks in which nothing else happens. @returns the page */
export function rehearse({ page: name, reader, before = {}, order }: Rehearsal): Runbook {
  const page = pageNamed(name);
  const inOrder = page.blocks.filter(isCommand).map((block) => block.name);
  for (const names of stretches(order ?? inOrder, inOrder, before)) {
    test(
      `${name}: ${names.join(", ")}, by runbook.ts run, do what the page says`,
      async () => {
        await before[names[0] ?? ""]?.();
        await reader().runs(page, names);
      },
      RUN_MS,
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
