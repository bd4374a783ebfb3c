// The page of the schedule's move, and one command of it as its reader pastes it: what it prints must be what the page shows.
import { expect } from "bun:test";
import { join } from "node:path";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { type Block, isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import { recordExecuted } from "./record_executed.ts";
import type { ScheduleRunbookWorld } from "./schedule_runbook.ts";

export const page = readRunbook(join(import.meta.dir, "../../runbooks/cutover_schedule.md"));
export const commands: readonly Block[] = page.blocks.filter(isCommand);

/** The page's own words say which of its commands end otherwise than with 0, and why. */
const ENDS_WITH: Readonly<Record<string, number>> = { "look-status": 1, "compare-early": 2, "switch-early": 2 };
const PAGES_CRON = "*/15 * * * *";

export interface Rehearsal {
  /** The schedule of the rehearsal, where it is another one than the page's. */
  readonly cron?: string;
  readonly deadlineMs?: number;
  /** The block of the page that shows what it says while it is at work. */
  readonly meanwhile?: string;
}

/** What the page shows and the command did not print. */
export interface Unshown {
  readonly name: string;
  readonly missing: string;
  readonly printed: string;
}

/** Its exit code must be the page's. @returns null where it printed what the page shows */
export async function rehearse(
  world: Pick<ScheduleRunbookWorld, "paste">,
  name: string,
  { cron = PAGES_CRON, deadlineMs = 60_000, meanwhile }: Rehearsal = {},
): Promise<Unshown | null> {
  const block = commands.find((each) => each.name === name);
  if (block === undefined) throw new Error(`there is no command named ${name} in ${page.file}`);
  const { exitCode, stdout, stderr } = await world.paste(block.text, deadlineMs);
  const wanted = ENDS_WITH[name] ?? 0;
  const said = exitCode === wanted ? "" : `${stdout}${stderr}`;
  expect({ name, exitCode, said }).toEqual({ name, exitCode: wanted, said: "" });
  const shows = (shown: string, printed: string): Unshown | null => {
    const text = page.blocks.find((each) => each.name === shown)?.text ?? "…";
    const missing = unexpected(text.replaceAll(PAGES_CRON, cron), printed);
    return missing === null ? null : { name: shown, missing, printed };
  };
  const unshown = shows(`${name}-output`, stdout) ?? shows(meanwhile ?? "", stderr);
  if (unshown === null) recordExecuted(page, block);
  return unshown;
}
