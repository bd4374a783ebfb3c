// The sweeps' part of `status`, for people: a line for each thing, a table only where something waits.
import type { LastRun } from "./hub_status.ts";
import type { SweepLock, SweepStatus } from "./sweep_status.ts";

/** The part of a terminal view that is needed here. */
export interface TableView {
  readonly paint: Record<"error" | "warning" | "ok" | "dim" | "strong", (text: string) => string>;
  table(
    columns: readonly { title: string; align?: "left" | "right" }[],
    rows: readonly (readonly (string | number)[])[],
  ): string;
}

// Four quarters of an hour without a sweep are no jitter.
const LATE_SECONDS = 3_600;
const LONGEST_REASON = 120;

/** Rows for the table of states. */
export function sweepRows(status: SweepStatus, { paint }: TableView): [string, string][] {
  const { sweep, sweep_lock: lock, pending_writebacks: pending } = status;
  const rows: [string, string][] = [["last sweep", sweep === null ? "none yet" : lastSweep(sweep, paint)]];
  if (lock !== null) rows.push(["sweep lock", lockLine(lock, paint)]);
  if (sweep?.oldest_repo) {
    const { slug, checked_at } = sweep.oldest_repo;
    rows.push(["oldest check", `${slug}, ${checked_at === null ? "never checked" : `checked ${checked_at}`}`]);
  }
  if (sweep && sweep.backing_off.count > 0)
    rows.push(["backing off", paint.warning(`${sweep.backing_off.count}, tried again later`)]);
  rows.push([
    "to be written back",
    pending.count === 0 ? "nothing" : `${pending.count}, the oldest since ${pending.oldest}`,
  ]);
  return rows;
}

/** Tables of what waits, each with its reason; none where nothing does. */
export function sweepTables({ sweep, pending_writebacks: pending }: SweepStatus, view: TableView): string[] {
  const tables: string[] = [];
  if (sweep && sweep.backing_off.count > 0) {
    const rows = sweep.backing_off.repos.map((repo) => [
      repo.slug,
      repo.failures,
      repo.retry_at ?? "",
      short(repo.problem),
    ]);
    const columns = [
      { title: "backing off" },
      { title: "failures", align: "right" as const },
      { title: "tried again" },
      { title: "why" },
    ];
    tables.push(view.table(columns, rows));
  }
  if (pending.count > 0) {
    const rows = pending.repos.map((repo) => [
      repo.slug,
      repo.count,
      repo.oldest,
      short(repo.problem ?? "not tried yet"),
    ]);
    const columns = [
      { title: "to be written back" },
      { title: "values", align: "right" as const },
      { title: "since" },
      { title: "why not yet" },
    ];
    tables.push(view.table(columns, rows));
  }
  return tables;
}

/** What became of a run, beyond its exit code. */
export function outcomeOf({ lock_skipped, automation_error }: LastRun): string {
  if (automation_error !== null) return `C-00: ${short(automation_error)}`;
  return lock_skipped ? "skipped: the lock was held" : "";
}

/** Of a duration, the two largest units: "3 h 5 min". */
export function inWords(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

function lastSweep(
  { finished_at, age_seconds, write_back }: NonNullable<SweepStatus["sweep"]>,
  paint: TableView["paint"],
): string {
  const when = `${finished_at}, ${inWords(age_seconds)} ago${write_back ? "" : ", without write-back"}`;
  return age_seconds > LATE_SECONDS ? paint.warning(`${when}: does its schedule run?`) : when;
}

function lockLine(lock: SweepLock, paint: TableView["paint"]): string {
  const who = `${lock.source} on ${lock.host}, pid ${lock.pid}`;
  const heard = `since ${lock.since}, last heard of ${inWords(lock.heartbeat_age_seconds)} ago`;
  if (lock.state === "released") return `free; ${who} released it ${lock.released_at}`;
  if (lock.state === "held") return `held by ${who}, ${heard}`;
  return paint.warning(`never released by ${who}, ${heard}: the next sweep takes it over`);
}

function short(text: string | null): string {
  if (text === null) return "";
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON - 1)}…`;
}
