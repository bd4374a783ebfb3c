// Writes the hub's few values into a workplan without touching another byte. A parser that dumps what it read loses
// comments, quotes and line endings; so values are replaced where they stand, and the result is proven before it is given.
import type { Entry } from "../front_matter/mapping.ts";
import { isDate, isHubId } from "./field_rules.ts";
import type { Fence } from "./outline.ts";
import { problemAt } from "./problem.ts";
import { readSource, type Sheet } from "./read_source.ts";
import { onlySplicesDiffer, type Splice, withSplices } from "./splices.ts";
import { type Place, type Problem, TASK_STATUSES, WORKPLAN_STATUSES, type WorkplanReading } from "./types.ts";

export interface Edit {
  /** Tasks are named by id: a line number may be another task's by now. */
  readonly target: "workplan" | { readonly task: string };
  readonly key: "state_hub_workstream_id" | "state_hub_task_id" | "status" | "completed";
  /** Empty takes a `completed` away: the key stays, without a value. */
  readonly value: string;
  /** What the file must hold now, null for an absent or empty key; anything else means that somebody was faster. */
  readonly replaces: string | null;
}

export type Spliced = { readonly bytes: Uint8Array } | { readonly refused: Problem };

/**
 * Applies `edits` to the bytes of a parsed workplan. A value that already stands there is left alone, so doing it twice
 * is doing it once. A new key becomes the last of its block, double-quoted, in the file's own line ending.
 * Refused, with nothing changed: a file or block that could not be read, a raced value, a value of several lines, a key
 * that is not ours, and any result whose other bytes or other fields would differ.
 */
export function spliceWorkplan(path: string, bytes: Uint8Array, edits: readonly Edit[]): Spliced {
  const { reading, sheet } = readSource(path, bytes);
  if (reading.state !== "parsed" || sheet === null) {
    const first = reading.state === "failed" ? reading.problems[0] : undefined;
    return refuse(first ?? START, "file_not_parsed", null, "The file can't be read, so nothing was written into it");
  }
  const splices: Splice[] = [];
  for (const edit of edits) {
    const step = spliceFor(sheet, reading, edit);
    if (step === null) continue;
    if ("refused" in step) return step;
    splices.push(step);
  }
  if (splices.length === 0) return { bytes };
  const result = withSplices(sheet.text, splices);
  if (result === null) return refuse(START, "edits_overlap", null, "Two edits touch the same place");
  const spliced = new TextEncoder().encode(result);
  const proven = onlySplicesDiffer(bytes, spliced, sheet.text, splices) && saysAsMeant(path, reading, spliced, edits);
  return proven
    ? { bytes: spliced }
    : refuse(START, "splice_not_proven", null, "The edited file would not read as meant, so it was not written");
}

const START: Place = { line: 1, column: 1 };

function refuse(
  place: Place,
  code: string,
  edit: Edit | null,
  message: string,
  observed: string | null = null,
): Spliced & { refused: Problem } {
  const kind = edit !== null && edit.target !== "workplan" ? "task_invalid" : "front_matter_invalid";
  const subject = edit === null ? null : edit.target === "workplan" ? edit.key : edit.target.task;
  const hint = "Look at the file; the next run tries again from what it then holds";
  return {
    refused: problemAt(place, { kind, code, subject, message, observed, expected: edit?.replaces ?? null, hint }),
  };
}

type Step = Splice | { readonly refused: Problem } | null;

function spliceFor(sheet: Sheet, reading: WorkplanReading & { state: "parsed" }, edit: Edit): Step {
  if (!isOurs(edit))
    return refuse(START, "not_our_key", edit, `${edit.key} can't be set to this value here`, edit.value);
  const spot = spotOf(sheet, reading, edit);
  if (spot === null) return refuse(START, "no_such_task", edit, "No readable block has this task id");
  const entry = spot.entries.get(edit.key);
  const current = entry?.value ?? null;
  const same = sameValue(edit.key, typeof current === "string" ? current : "", edit.value);
  if (same && (current === null || typeof current === "string")) return null;
  const place = reading.state === "parsed" ? spot.place(edit.key) : START;
  const wanted = edit.replaces;
  const raced =
    wanted === null
      ? current !== null && current !== ""
      : typeof current !== "string" || !sameValue(edit.key, current, wanted);
  if (raced) {
    return refuse(
      place,
      "raced",
      edit,
      `${edit.key} no longer holds what it did when this was decided`,
      shownValue(current),
    );
  }
  if (entry === undefined) return insertion(sheet.text, spot, edit);
  const quote = QUOTES[entry.style];
  if (!entry.oneLine || quote === undefined) {
    return refuse(
      place,
      "not_one_line",
      edit,
      `${edit.key} is not a plain or quoted value on one line`,
      shownValue(current),
    );
  }
  const written =
    entry.style === "empty"
      ? ` "${edit.value}"`
      : entry.value === null
        ? `"${edit.value}"`
        : quote + edit.value + quote;
  return { start: entry.valueStart, end: entry.valueEnd, insert: written };
}

const QUOTES: Partial<Record<Entry["style"], string>> = { plain: "", single: "'", double: '"', empty: '"' };

interface Spot {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Start of the line that closes the front matter or the block. */
  readonly end: number;
  readonly indent: number;
  readonly place: (key: string) => Place;
}

function spotOf(sheet: Sheet, reading: WorkplanReading & { state: "parsed" }, edit: Edit): Spot | null {
  const { target } = edit;
  if (target === "workplan") {
    const place = (key: string) => reading.workplan.places[key] ?? START;
    return { entries: sheet.entries, end: sheet.matterEnd, indent: 0, place };
  }
  const block = sheet.blocks.find(({ task }) => task?.id === target.task);
  const task = block?.task ?? null;
  if (block === undefined || task === null) return null;
  const fence: Fence = block.fence;
  const place = (key: string) => task.places[key] ?? { line: task.line, column: task.column };
  return { entries: block.entries, end: fence.contentEnd, indent: fence.indent, place };
}

function insertion(text: string, spot: Spot, edit: Edit): Splice {
  const eol = text.charAt(spot.end - 2) === "\r" ? "\r\n" : "\n";
  const line = `${" ".repeat(spot.indent)}${edit.key}: "${edit.value}"${eol}`;
  return { start: spot.end, end: spot.end, insert: line };
}

/** Whether the key belongs to the target and the value to the key: nothing else is ever written into a plan. */
function isOurs({ target, key, value }: Edit): boolean {
  if (key === "status") {
    const statuses: readonly string[] = target === "workplan" ? WORKPLAN_STATUSES : TASK_STATUSES;
    return statuses.includes(value);
  }
  if (key === "completed") return target !== "workplan" && (value === "" || isDate(value));
  return isHubId(value) && key === (target === "workplan" ? "state_hub_workstream_id" : "state_hub_task_id");
}

/** Hub ids may be written in either case. */
function sameValue(key: Edit["key"], one: string, other: string): boolean {
  return key.startsWith("state_hub_") ? one.toLowerCase() === other.toLowerCase() : one === other;
}

function shownValue(value: unknown): string {
  if (value === null) return "no value";
  return typeof value === "string" ? value : "a list or mapping";
}

/** Reads the result and compares it with the first reading, the edits applied: every other field must be the same. */
function saysAsMeant(path: string, before: WorkplanReading, spliced: Uint8Array, edits: readonly Edit[]): boolean {
  const after = readSource(path, spliced).reading;
  return meaning(before, edits) === meaning(after, []);
}

/** A reading without its places, as text; `edits` are applied to it. */
function meaning(reading: WorkplanReading, edits: readonly Edit[]): string {
  if (reading.state !== "parsed") return reading.state;
  const { workplan, tasks, failedBlocks, problems } = reading;
  const edited = (target: string | null, fields: Record<string, unknown>) => {
    const mine = edits.filter((edit) => (edit.target === "workplan" ? null : edit.target.task) === target);
    for (const { key, value } of mine)
      fields[FIELDS[key]] = key.startsWith("state_hub_") ? value.toLowerCase() : value || null;
    return { ...fields, places: null, line: null, column: null };
  };
  return JSON.stringify([
    edited(null, { ...workplan }),
    tasks.map((task) => edited(task.id, { ...task })),
    failedBlocks.map(({ id, hubId }) => [id, hubId]),
    problems.map(({ code, subject }) => [code, subject]),
  ]);
}

const FIELDS = {
  state_hub_workstream_id: "hubId",
  state_hub_task_id: "hubId",
  status: "status",
  completed: "completed",
} as const satisfies Record<Edit["key"], string>;
