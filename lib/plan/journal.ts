// What was done, when, by whom: one JSON object a line, on the disk before anything follows from it, added to and never
// rewritten. Without it a run that was killed would have to guess what it had begun.

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { OpsFailure } from "../failure.ts";
import { makePrivateFolder } from "../private_folder.ts";
import { shellQuoted } from "../shell_quoted.ts";

const entry = z.strictObject({
  /** ISO 8601, UTC, by the clock of the host that wrote it. */
  at: z.iso.datetime(),
  host: z.string(),
  pid: z.int(),
  operator: z.string(),
  /** The plan's id. */
  plan: z.uuid(),
  entry: z.enum(["opened", "begun", "done", "failed", "closed"]),
  step: z.string().nullable(),
  /** Of one act: what it leaves elsewhere bears this id, so that it is left once. */
  act: z.uuid().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
/** Says that what stands before it was cut off by a crash, and is no entry. */
const torn = z.strictObject({ entry: z.literal("torn"), at: z.iso.datetime() });

export type Entry = z.infer<typeof entry>;

export interface Writer {
  readonly path: string;
  readonly host: string;
  readonly operator: string;
}

type Line = Entry | z.infer<typeof torn> | null;

/**
 * Oldest first; none when there is no journal.
 * @throws OpsFailure (automation) when a line is broken that no crash explains
 */
export function readJournal(path: string): Entry[] {
  const lines = linesOf(textOf(path)).map(lineOf);
  const whole = lines.findLastIndex((line) => line !== null);
  for (const [at, line] of lines.entries()) {
    if (line !== null || at > whole) continue;
    const next = lines.slice(at).find((each) => each !== null);
    if (next?.entry !== "torn") throw damaged(path, at + 1);
  }
  return lines.filter((line): line is Entry => line !== null && line.entry !== "torn");
}

/** On the disk when it returns. Where a crash cut the last line off, that is said first, on a line of its own. */
export function addEntry(
  { path, host, operator }: Writer,
  what: Pick<Entry, "plan" | "entry"> & Partial<Pick<Entry, "step" | "act" | "detail">>,
): Entry {
  const at = new Date().toISOString();
  const made: Entry = { at, host, pid: process.pid, operator, step: null, act: null, detail: {}, ...what };
  makePrivateFolder(dirname(path));
  const before = textOf(path);
  const lines = linesOf(before);
  const broken = lines.length > 0 && lineOf(lines.at(-1) ?? "") === null;
  const text = [
    before === "" || before.endsWith("\n") ? "" : "\n",
    broken ? `${JSON.stringify({ entry: "torn", at })}\n` : "",
    `${JSON.stringify(made)}\n`,
  ].join("");
  append(path, text);
  if (before === "") flush(dirname(path));
  return made;
}

function append(path: string, text: string): void {
  const file = openSync(path, "a", 0o600);
  try {
    const bytes = Buffer.from(text);
    const written = writeSync(file, bytes);
    if (written !== bytes.length) throw new OpsFailure("Could not write the journal", { where: path, hint: "df -h" });
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A new file is on the disk only when its folder is. */
function flush(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new OpsFailure("Could not read the journal", { where: path, cause, hint: `ls -l ${shellQuoted(path)}` });
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function lineOf(text: string): Line {
  try {
    const found = z.union([entry, torn]).safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}

function damaged(path: string, line: number): OpsFailure {
  return new OpsFailure("Could not read the journal", {
    observed: "a line that is no entry, and that no crash explains",
    expected: "lines as this toolkit wrote them",
    where: `${path}:${line}`,
    hint: `less +${line} ${shellQuoted(path)}`,
  });
}
