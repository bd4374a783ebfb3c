// Draws each round over the one before, for a person who looks. No mode of the terminal is changed: there is nothing that a
// killed run would leave behind.
import type { View } from "../cli/define_script.ts";
import { printableBlock } from "../cli/printable.ts";
import { openTerminal } from "../cli/streams.ts";
import { viewFor } from "../cli/view.ts";
import type { Screen } from "./fitted_table.ts";

export interface LiveTable {
  /** @returns false when nobody looks any more */
  draw(text: (view: View, screen: Screen) => string): Promise<boolean>;
}

const TOP_LEFT = "\u001b[H";
const CLEAR_BELOW = "\u001b[J";
const CLEAR_LINE = "\u001b[K";

/** @returns null where stdout is no terminal that can be drawn on: a pipe, a dumb one, one of 0 columns */
export async function openLiveTable(): Promise<LiveTable | null> {
  const { out, config } = openTerminal();
  if (!out.isTty || out.columns() === 0 || config.dumb || config.logFormat === "json") return null;
  let isFirst = true;
  return {
    draw: async (text) => {
      // A window may have been made wider since.
      const screen = { columns: out.columns(), rows: out.rows() };
      const lines = printableBlock(text(await viewFor(out), screen).trimEnd(), out.colour).split("\n");
      const start = isFirst ? `${TOP_LEFT}${CLEAR_BELOW}` : TOP_LEFT;
      isFirst = false;
      await out.write(`${start}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`);
      return !out.isGone();
    },
  };
}
