// Definitions, differences and what became of them, for people.
import type { View } from "../cli/define_script.ts";
import { printable } from "../cli/printable.ts";
import type { CheckedDefinitions, TableSight } from "./check_definitions.ts";
import { type Problem, problemLine } from "./definition_problem.ts";
import type { Difference } from "./difference.ts";
import type { ListedDefinition } from "./listed_definition.ts";
import type { RenderedRow } from "./render_definitions.ts";
import type { SyncedRow } from "./sync_definitions.ts";

export function renderList(
  listed: readonly ListedDefinition[],
  problems: readonly Problem[],
  table: TableSight,
  view: View,
): string {
  const { paint } = view;
  const titles = ["activity", "schedule", "next slot (UTC)", "max s", "on", "in hub"];
  const good = listed.map((each) => [
    each.id,
    "cron" in each.trigger ? each.trigger.cron : each.trigger.event,
    each.next_slot === null ? "" : each.next_slot.slice(0, 16).replace("T", " "),
    each.max_seconds,
    each.enabled ? "yes" : paint.warning("no"),
    each.in_hub === "same" ? paint.ok("same") : paint.warning(each.in_hub),
  ]);
  const bad = [...new Set(problems.map(({ file }) => file))].map((file) => [
    file,
    paint.error("broken"),
    "",
    "",
    "",
    "",
  ]);
  const columns = titles.map((title) => ({ title }));
  const why = table.state === "read" ? [] : [`The hub was not asked: ${printable(table.why)}`];
  return [view.table(columns, [...good, ...bad]), ...problemLines(problems, view), ...why].join("\n\n");
}

export function renderCheck({ definitions, differences, table }: CheckedDefinitions, view: View): string {
  const { paint } = view;
  const { problems } = definitions;
  const lines = differences.map((each) => differenceLines(each, view));
  const where = table.state === "read" ? "units, CronJobs and the hub's table say" : "units and CronJobs say";
  const count = `${definitions.definitions.length} ${definitions.definitions.length === 1 ? "definition" : "definitions"}`;
  const all = problems.length + differences.length === 0 ? [`${paint.ok("Checked")} ${count}: ${where} the same.`] : [];
  const why = table.state === "read" ? [] : [`The hub's table was not compared: ${printable(table.why)}`];
  return [...problemLines(problems, view), ...lines, ...all, ...why].join("\n\n");
}

export function renderRendered(
  files: readonly RenderedRow[],
  problems: readonly Problem[],
  dryRun: boolean,
  view: View,
): string {
  const rows = files.map(({ path, did }) => [path, doneCell(did, view)]);
  const table = view.table([{ title: "file" }, { title: dryRun ? "would be" : "done" }], rows);
  const changes = files.flatMap(({ difference }) => changeLine(difference, view));
  return [...dryRunHead(dryRun, view), table, ...changes, ...problemLines(problems, view)].join("\n\n");
}

export function renderSynced(
  synced: readonly SyncedRow[],
  problems: readonly Problem[],
  dryRun: boolean,
  view: View,
): string {
  const rows = synced.map(({ name, uuid, did }) => [name, uuid, doneCell(did, view)]);
  const columns = ["activity", "row", dryRun ? "would be" : "done"].map((title) => ({ title }));
  const changes = synced.flatMap(({ difference }) => changeLine(difference, view));
  const left =
    problems.length === 0 ? [] : [view.paint.dim("Rows of broken files, and rows without a file, were left alone.")];
  return [
    ...dryRunHead(dryRun, view),
    view.table(columns, rows),
    ...changes,
    ...problemLines(problems, view),
    ...left,
  ].join("\n\n");
}

function dryRunHead(dryRun: boolean, { paint }: View): string[] {
  return dryRun ? [paint.strong("Dry run: nothing was written.")] : [];
}

function doneCell(did: string, { paint }: View): string {
  return did === "same" ? paint.dim("same") : did === "disabled" ? paint.warning(did) : paint.ok(did);
}

/** The first of the changes: what stood there, and what should; of what was not there at all, nothing. */
function changeLine(difference: Difference | null, { paint }: View): string[] {
  if (difference === null || difference.kind !== "differs") return [];
  const [has, wants] = [shown(difference.has), shown(difference.wants)];
  return [`${paint.strong(printable(difference.where))}: ${has}\n  -> ${wants}`];
}

/** One line and what to do about it. */
function differenceLines({ where, kind, has, wants, remedy }: Difference, { paint }: View): string {
  const said = SAID[kind](shown(has), shown(wants));
  return `${paint.warning(printable(where))}: ${said}\n  ${paint.command(remedy)}`;
}

/** Of a line that is empty, or not there: "nothing". */
function shown(line: string | null): string {
  return printable(line?.trim() || "nothing");
}

const SAID: Readonly<Record<Difference["kind"], (has: string, wants: string) => string>> = {
  differs: (has, wants) => `has ${has}, should have ${wants}`,
  missing: (_, wants) => `is missing: should have ${wants}`,
  left_over: (has) => `has ${has}, and no definition stands behind it`,
};

function problemLines(problems: readonly Problem[], { paint }: View): string[] {
  return problems.map(
    (problem) => `${paint.error(printable(problemLine(problem)))}\n  ${paint.dim(printable(problem.hint))}`,
  );
}
