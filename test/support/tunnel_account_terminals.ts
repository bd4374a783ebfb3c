// The two terminals of the pages about tunnels, and which of their commands belong together: blocks whose name begins with hub- are
// typed on the hub's host, all others on the machine.
import { isCommand, type Runbook } from "../../lib/runbook/read_runbook.ts";
import type { RunbookReader } from "./runbook_reader.ts";

/** One after the other, as whoever has both terminals open goes down a page. */
export function twoTerminals(machine: RunbookReader, hubHost: RunbookReader): RunbookReader {
  const at = (name = "") => (isAtHub(name) ? hubHost : machine);
  return {
    runs: async (page: Runbook, names, more) => {
      for (const part of stretchesOf(names)) await at(part[0]).runs(page, part, more);
    },
    printed: (name, stream) => at(name).printed(name, stream),
  };
}

const isAtHub = (name: string) => name.startsWith("hub-");

function stretchesOf(names: readonly string[]): string[][] {
  const all: string[][] = [];
  for (const name of names) {
    const last = all.at(-1);
    if (last !== undefined && isAtHub(last[0] ?? "") === isAtHub(name)) last.push(name);
    else all.push([name]);
  }
  return all;
}

/** Names of the commands in these sections, in the page's order. */
export function commandsOf({ blocks }: Runbook, ...sections: readonly string[]): string[] {
  return blocks.filter((block) => isCommand(block) && sections.includes(block.section)).map(({ name }) => name);
}

/** Of those below one heading, up to the next of its level. */
export function commandsUnder({ headings, blocks, file }: Runbook, anchor: string): string[] {
  const head = headings.find((heading) => heading.anchor === anchor);
  if (head === undefined) throw new Error(`there is no heading #${anchor} in ${file}`);
  const end = headings.find(({ line, level }) => line > head.line && level <= head.level)?.line ?? Number.MAX_VALUE;
  const below = blocks.filter((block) => isCommand(block) && block.line > head.line && block.line < end);
  return below.map(({ name }) => name);
}
