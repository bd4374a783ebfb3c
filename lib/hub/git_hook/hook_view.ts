// What became of each repository's hook, for people; where it was refused, why, and what to do instead.

import type { View } from "../../cli/define_script.ts";
import { printable } from "../../cli/printable.ts";
import type { HookRow } from "./hook_of_repo.ts";

const STATES: Readonly<Record<HookRow["state"], string>> = {
  installed: "installed",
  not_installed: "not installed",
  outdated: "outdated",
  other_hook: "other hook",
};
const DONE: Readonly<Record<HookRow["did"], string>> = {
  installed: "installed",
  updated: "updated",
  removed: "removed",
  nothing: "nothing to do",
  refused: "refused",
};

/** @param dryRun null for a look, which does nothing */
export function renderHooks(rows: readonly HookRow[], dryRun: boolean | null, view: View): string {
  const columns = [{ title: "repository" }, { title: "hook" }, { title: "is" }];
  if (dryRun !== null) columns.push({ title: dryRun ? "would be" : "done" });
  const cells = rows.map((row) => [
    row.slug ?? view.paint.warning("not registered"),
    row.hook,
    stateCell(row, view),
    ...(dryRun === null ? [] : [row.did === "refused" ? view.paint.error(DONE.refused) : DONE[row.did]]),
  ]);
  const head = dryRun === true ? [view.paint.strong("Dry run: nothing was written.")] : [];
  return [...head, view.table(columns, cells), ...rows.flatMap((row) => remarks(row, view))].join("\n\n");
}

function stateCell({ state }: HookRow, { paint }: View): string {
  return state === "installed" ? paint.ok(STATES[state]) : paint.warning(STATES[state]);
}

function remarks({ hook, why, hint, block }: HookRow, { paint }: View): string[] {
  if (why === null) return [];
  const lines = block === null ? [] : block.trimEnd().split("\n");
  return [[`${printable(hook)}: ${printable(why)}`, paint.dim(printable(hint ?? "")), ...lines].join("\n")];
}
