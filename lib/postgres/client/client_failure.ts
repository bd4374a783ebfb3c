// The one sentence for a pg_dump or pg_restore that failed: what stood in the way, and what to type. Never the statement
// that failed nor the row it failed on: both may hold what must not be printed.
import { constants } from "node:os";
import { OpsFailure } from "../../failure.ts";
import { type PipelineResult, programOf } from "../../process/pipeline.ts";
import type { Query } from "../../query.ts";
import { printableUrl, type Secret, scrubText } from "../../secret.ts";
import { identifier, knownTrouble, type TroubleContext, type Words } from "./client_troubles.ts";
import { lockHolders } from "./lock_holders.ts";

interface FailedClient {
  /** "Could not dump the database" */
  readonly couldNot: string;
  readonly stages: readonly (readonly string[])[];
  readonly result: PipelineResult;
  /** TellingLines of its standard error. */
  readonly text: string;
  /** Null when no server is involved. */
  readonly url: Secret | null;
  readonly path: string;
  readonly lockWaitMs?: number;
  /** Any session on the same database. */
  readonly query?: Query;
  /** What to do about an error that is not known. */
  readonly otherwise?: string;
}

/** A warning that an error was ignored is a failure too: what was restored is not what was dumped. */
export function clientFailed(result: PipelineResult, text: string): boolean {
  return result.exitCodes.some((code) => code !== 0) || /errors ignored on restore/.test(text);
}

/** @returns the failure, in the server's or the program's own words */
export async function clientFailure(failed: FailedClient): Promise<OpsFailure> {
  const { url, path, text } = failed;
  const context: TroubleContext = { path, role: roleOf(url), lockWaitMs: failed.lockWaitMs ?? 0 };
  // What the others say then only follows from it.
  const known = failed.result.exitCodes.includes(KILL) ? null : knownTrouble(text, context);
  const words = known === null ? unknownTrouble(failed) : await withHolder(known, context, failed.query);
  const object = objectOf(text);
  return new OpsFailure(failed.couldNot, {
    observed: scrubbed([object, words.observed].filter(Boolean).join(": ")),
    where: url === null || /archive|space|quota/.test(words.observed) ? path : printableUrl(url.reveal()),
    ...hintOf(words.hint ?? failed.otherwise),
  });
}

function hintOf(hint: string | undefined) {
  return hint === undefined ? {} : { hint };
}

/** A subscription's or a foreign server's connection string may be in an error of the server. */
function scrubbed(text: string): string {
  return scrubText(text).replace(/(password\s*=\s*)('[^']*'|[^\s"]+)/gi, "$1***");
}

async function withHolder(words: Words, { lockWaitMs }: TroubleContext, query?: Query): Promise<Words> {
  if (words.lock === undefined) return words;
  const { table } = words.lock;
  const holders = query === undefined ? [] : await lockHolders(query);
  const holder = holders.find((each) => table === null || each.table.endsWith(table)) ?? holders[0];
  const on = holder?.table ?? table;
  const by =
    holder === undefined ? "" : ` by pid ${holder.pid} (${holder.application || "unnamed"}, role ${holder.user})`;
  return {
    observed: on === null ? words.observed : `a lock on ${on} was held for ${lockWaitMs / 1000} s${by}`,
    hint:
      holder === undefined
        ? "SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        : `SELECT pg_cancel_backend(${holder.pid}) ends its statement, pg_terminate_backend(${holder.pid}) its session`,
  };
}

const KILL = 128 + constants.signals.SIGKILL;
const KILLED = { hint: "dmesg --ctime | grep -i 'out of memory'" };

/** The programs' own words: of the first error that was told, the line, else how they ended. */
function unknownTrouble({ text, stages, result }: FailedClient): Words {
  if (result.exitCodes.includes(KILL)) return { observed: endsOf(stages, result), ...KILLED };
  // The server's word of it before the program's "could not execute query"; a worker that ended says why, or was killed.
  const errors = [/(?:ERROR|FATAL|PANIC): +(.*)/, /(?:error|fatal): (?!a worker process died)(.*)/];
  const said = errors.map((error) => error.exec(text)?.[1]).find((words) => words !== undefined);
  if (said !== undefined) return { observed: said };
  if (text.includes("a worker process died")) return { observed: "one of the jobs was killed", ...KILLED };
  return { observed: endsOf(stages, result) || "errors were ignored" };
}

function endsOf(stages: FailedClient["stages"], { exitCodes }: PipelineResult): string {
  const ended = stages.flatMap((stage, index) => {
    const code = exitCodes[index] ?? 1;
    return code === 0 ? [] : [`${programOf(stage)} ${endOf(code)}`];
  });
  return ended.join(", ");
}

function endOf(code: number): string {
  if (code <= 128) return `ended with exit code ${code}`;
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return `was ended by ${name ?? `signal ${code - 128}`}`;
}

/** "TABLE DATA public tasks" of `pg_restore: from TOC entry 3334; 0 16400 TABLE DATA tasks postgres`. */
function objectOf(text: string): string | null {
  const entry = /from TOC entry \d+; \d+ \d+ (.+) (?:\S+)$/m.exec(text)?.[1];
  const copied = /COPY failed for table "(.+?)":/.exec(text)?.[1];
  return entry ?? (copied === undefined ? null : `TABLE DATA ${copied}`);
}

function roleOf(url: Secret | null): string {
  return url === null ? "" : identifier(decodeURIComponent(new URL(url.reveal()).username));
}
