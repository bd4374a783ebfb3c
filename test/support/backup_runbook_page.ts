// The page about backups, its commands in the order in which a reader comes to need them, and what happens around them.
import { expect } from "bun:test";
import { join } from "node:path";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { type Block, isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import type { BackupRunbookWorld } from "./backup_runbook.ts";
import { recordExecuted } from "./record_executed.ts";

const FOLDER = join(import.meta.dir, "../../runbooks");
export const page = readRunbook(join(FOLDER, "backup_restore_drill.md"));
const service = readRunbook(join(FOLDER, "state_hub.md"));
export const commands: readonly Block[] = page.blocks.filter(isCommand);

/** They need an account with systemd: test/scenarios/backup_units.test.ts runs the units themselves. */
export const OF_THE_UNITS = [
  ...["link-units", "backup-by-unit", "drill-by-unit", "enable-timers"],
  ...["look-timers", "disable-timers"],
];

interface Step {
  /** A command of the page. */
  readonly name: string;
  readonly before?: (world: BackupRunbookWorld) => Promise<unknown> | unknown;
  /** The reader sits at another machine. */
  readonly elsewhere?: true;
  /** The same command was typed before: where nobody waits it is typed again. */
  readonly again?: true;
}

/** The page sends its reader to and fro: so does this. */
export const STEPS: readonly Step[] = [
  ...named("make-identity", "make-recovery", "name-identity", "name-recovery"),
  ...named("make-store-key", "ask-host-key", "look-host-key", "pin-host-key"),
  { name: "backup", before: ({ letIn }) => letIn() },
  ...named("drill", "drill-from-store", "list", "look-proven", "look-evidence", "drill-at", "backup-and-drill"),
  ...named("prune-plan", "prune-apply"),
  { name: "drill-elsewhere", elsewhere: true, before: ({ loseLive }) => loseLive() },
  { name: "drill-from-store", again: true },
  ...named("make-database"),
  { name: "restore", before: ({ typeSecrets }) => typeSecrets() },
  ...named("let-role-in"),
  { name: "look-new-schema", before: ({ typeSecrets }) => typeSecrets() },
  ...named("use-new-server"),
  { name: "ask-new-hub", before: ({ paste }) => paste(textOf(service.blocks, "start")) },
  ...named("first-sweep", "backup"),
  { name: "backup-and-drill", again: true },
  ...named("drill-with-recovery"),
  ...named("make-new-identity", "name-new-identity", "name-recovery-again", "use-new-recipients", "use-new-identity"),
  ...named("backup"),
  { name: "backup-and-drill", again: true },
  ...named("prune-plan", "prune-apply"),
  { name: "list", again: true },
  ...named("look-proven"),
];

/** Its exit code must be 0. @returns the line that the page shows and the command did not print; null where it printed all */
export async function rehearse(world: BackupRunbookWorld, step: Step, deadlineMs = 60_000): Promise<string | null> {
  await step.before?.(world);
  const paste = step.elsewhere ? world.pasteElsewhere : world.paste;
  const { exitCode, stdout, stderr } = await paste(textOf(commands, step.name), deadlineMs);
  expect({ name: step.name, exitCode, said: exitCode === 0 ? "" : `${stdout}${stderr}` }).toEqual({
    name: step.name,
    exitCode: 0,
    said: "",
  });
  const shown = page.blocks.find(({ name }) => name === `${step.name}-output`);
  const missing = shown === undefined ? null : unexpected(shown.text, stdout);
  if (missing === null) recordExecuted(page, blockNamed(commands, step.name));
  return missing === null ? null : `${missing}\n${stdout}`;
}

function named(...names: readonly string[]): Step[] {
  return names.map((name) => ({ name }));
}

function textOf(blocks: readonly Block[], name: string): string {
  return blockNamed(blocks, name).text;
}

function blockNamed(blocks: readonly Block[], name: string): Block {
  const block = blocks.find((each) => each.name === name);
  if (block === undefined) throw new Error(`there is no block named ${name}`);
  return block;
}
