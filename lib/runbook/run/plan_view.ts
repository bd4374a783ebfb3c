// What `runbook.ts run --dry-run` says: the blocks in their order, what each asks for, and what is still missing.
import type { Outcome } from "../../cli/define_script.ts";
import { type PlannedBlock, type RunPlan, runCommand, type TypedRun } from "./plan_run.ts";

export interface PlannedRun {
  readonly name: string;
  readonly typed: TypedRun;
  readonly plan: RunPlan;
  readonly missing: readonly { readonly name: string; readonly block: string }[];
  readonly confirmed: ReadonlySet<string>;
}

export function planOutcome({ name, typed, plan, missing, confirmed }: PlannedRun): Outcome {
  const planned = (cleanup: boolean) => (each: PlannedBlock) => plannedRow(each, cleanup, confirmed);
  const blocks = [...plan.blocks.map(planned(false)), ...plan.cleanups.map(planned(true))];
  const words = blocks.filter(({ confirm }) => confirm !== null).map((each) => `${each.name}=${each.confirm}`);
  return {
    exitCode: 0,
    document: { runbook: name, blocks, missing },
    render: (view) => {
      const unset = missing.map((each) => `${view.paint.warning("not set")}: ${each.name}, for ${each.block}`);
      const open = words.length === 0 ? [] : [`${view.paint.warning("to be confirmed")}: ${words.join(", ")}`];
      return [...blocks.map(blockText), ...unset, ...open, "Nothing was run."].join("\n");
    },
    next: runCommand(name, typed),
  };
}

/** Never in a table: a command that is broken in two cannot be copied. */
function blockText({ name, class: kind, cleanup, command }: ReturnType<typeof plannedRow>): string {
  return `${name} (${kind})${cleanup ? ", always, last" : ""}\n${command.replace(/^/gm, "  ")}\n`;
}

function plannedRow({ block, wantedExit, shown }: PlannedBlock, cleanup: boolean, confirmed: ReadonlySet<string>) {
  return {
    name: block.name,
    class: block.kind,
    cleanup,
    command: block.text.trim(),
    wanted_exit: wantedExit,
    output_compared: shown !== null,
    /** The word that is still to be given. */
    confirm: block.kind === "danger" && !confirmed.has(block.name) ? block.confirm : null,
  };
}
