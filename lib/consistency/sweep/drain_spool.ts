// Writes the runs that waited for the database. A file goes only after the commit of its rows, so that writing them must be
// harmless when repeated; one that cannot be written is set aside under another name and told: it must neither be lost nor
// stand in the way of those behind it.
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../db/database_failure.ts";
import { describeFailure } from "../../failure.ts";
import { scrubText } from "../../secret.ts";
import type { KeptRun, UnreportedRun } from "../record_run.ts";
import { type Report, SOURCES } from "../report.ts";
import { isGone, removeLeftovers, spooledFiles, spoolFolder } from "./spool_folder.ts";

/**
 * Writes the runs that wait, oldest first. Two at once do no harm.
 * @param write stores one run, and resolves after its commit; when it throws, this run and all behind it wait on, unless
 * the database refused the data of this one
 * @returns what a person should know, a line each: runs set aside, runs that wait on. Never throws
 */
export async function drainSpool(
  home: string,
  hubKey: string,
  write: (record: KeptRun) => Promise<unknown>,
): Promise<string[]> {
  const folder = spoolFolder(home, hubKey);
  const told: string[] = [];
  let waiting: string[] = [];
  try {
    waiting = spooledFiles(folder);
    if (waiting.length > 0) removeLeftovers(folder);
    for (; waiting[0] !== undefined; waiting = waiting.slice(1)) {
      const problem = await writeOne(join(folder, waiting[0]), write);
      if (problem !== null) told.push(problem);
    }
  } catch (error) {
    const runs = waiting.length === 1 ? "an earlier run waits" : `${waiting.length || "earlier"} runs wait`;
    told.push(`${runs} to be recorded in ${folder}: ${because(error)}`);
  }
  return told;
}

/** @returns what was set aside and why; null when it was written, by us or by somebody else */
async function writeOne(path: string, write: (record: KeptRun) => Promise<unknown>): Promise<string | null> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  const record = recordIn(text);
  if (record === null) return setAside(path, "it is damaged");
  try {
    await write(record);
  } catch (error) {
    if (isItsOwnFault(error)) return setAside(path, because(error));
    throw error;
  }
  rmSync(path, { force: true });
  return null;
}

// SQLSTATE classes data exception and integrity constraint violation (PostgreSQL, appendix A); a unique violation is
// somebody else's being first.
function isItsOwnFault(error: unknown): boolean {
  return /^(22|23)/.test(errorCode(error)) && errorCode(error) !== "23505";
}

function setAside(path: string, reason: string): string | null {
  try {
    renameSync(path, `${path}.unreadable`);
    return `a run that waited could not be recorded and was set aside as ${path}.unreadable: ${reason}`;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** null unless all is there that its rows need. */
function recordIn(text: string): KeptRun | null {
  try {
    const record = JSON.parse(text) as KeptRun;
    const isWhole = "unreported" in record ? isWholeFiring(record.unreported) : isWholeReport(record.report);
    return isWhole ? record : null;
  } catch {
    return null;
  }
}

function isWholeReport({ run_id, source, started_at, finished_at, mode, lock_skipped }: Report): boolean {
  return (
    isId(run_id) &&
    SOURCES.includes(source) &&
    typeof mode === "string" &&
    typeof lock_skipped === "boolean" &&
    [started_at, finished_at].every(isMoment)
  );
}

function isWholeFiring(run: UnreportedRun): boolean {
  const { run_id, definition_id, source, fired_at, finished_at, status, reason } = run;
  return (
    [run_id, definition_id].every(isId) &&
    SOURCES.includes(source) &&
    (status === "failed" || status === "skipped") &&
    typeof reason === "string" &&
    [fired_at, finished_at].every(isMoment)
  );
}

function isId(text: string): boolean {
  return /^[0-9a-f-]{36}$/.test(text);
}

function isMoment(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

function because(error: unknown): string {
  return scrubText(describeFailure(error));
}
