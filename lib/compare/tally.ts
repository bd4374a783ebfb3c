// What became of each slot of each source: one run a slot, whatever else fired. Rows are believed only where they fit: a run
// that was filed under no slot, or fired long after it, says nothing about the schedule. (pure)
import type { SlotOutcome, SourceFigures } from "./comparison.ts";
import type { RunRow } from "./evidence.ts";
import { spreadOf } from "./spread.ts";
import type { DueSlots, Slot } from "./window.ts";

/** One source in the window. */
export interface Tally {
  readonly source: string;
  /** In the order of the slots; null: nothing fired. */
  readonly runs: readonly (RunRow | null)[];
  readonly strip: readonly SlotOutcome[];
  readonly offGrid: number;
}

// Clocks of two hosts.
const SKEW_MS = 60_000;

/** @param always sources that are tallied even if they never fired */
export function tallySources(rows: readonly RunRow[], due: DueSlots, always: readonly string[]): Map<string, Tally> {
  const bySource = new Map<string, RunRow[]>(always.map((source) => [source, []]));
  for (const row of rows) {
    const known = bySource.get(row.source);
    if (known) known.push(row);
    else bySource.set(row.source, [row]);
  }
  return new Map([...bySource].map(([source, own]) => [source, tally(source, own, due)]));
}

function tally(source: string, rows: readonly RunRow[], due: DueSlots): Tally {
  const bySlot = new Map<number, RunRow>();
  let offGrid = 0;
  const slots = new Map(due.slots.map((slot) => [slot.at, slot]));
  for (const row of rows) {
    const at = Date.parse(row.scheduled_for);
    const slot = slots.get(at);
    if (slot === undefined && due.isSlot(at)) continue;
    if (slot === undefined || !isWithin(slot, row)) offGrid++;
    else if (!bySlot.has(at)) bySlot.set(at, row);
  }
  const runs = due.slots.map(({ at }) => bySlot.get(at) ?? null);
  return { source, runs, strip: runs.map(outcomeOf), offGrid };
}

function isWithin({ at, next }: Slot, { fired_at }: RunRow): boolean {
  const fired = Date.parse(fired_at);
  return fired >= at - Math.min(SKEW_MS, next - at) && fired < next;
}

/** Only what its report bears out is completed: a scheduler may write "succeeded" of a job that did nothing. */
export function outcomeOf(run: RunRow | null): SlotOutcome {
  if (run === null) return "missed";
  const { status, report } = run;
  if (status === "failed" || report?.automation_error === true) return "failed";
  if (report?.lock_skipped === true) return "lock_skipped";
  if (status === "skipped") return "skipped";
  if (status === "running") return "running";
  return status === "succeeded" && report?.lock_skipped === false && report.automation_error === false
    ? "completed"
    : "unreported";
}

/** Its completed runs, oldest first, each with the position of its slot. */
export function completedRuns({ runs, strip }: Tally): { readonly run: RunRow; readonly slot: number }[] {
  return runs.flatMap((run, slot) => (run !== null && strip[slot] === "completed" ? [{ run, slot }] : []));
}

/** @param said of its reports: open findings by check in the newest one, repositories in all */
export function figuresOf(tally: Tally, said: Pick<SourceFigures, "assessment" | "repos_covered">): SourceFigures {
  const { strip, runs, offGrid } = tally;
  const count = (outcome: SlotOutcome) => strip.filter((each) => each === outcome).length;
  const missed = count("missed");
  const fired = runs.flatMap((run) => (run === null ? [] : [Date.parse(run.fired_at) - Date.parse(run.scheduled_for)]));
  return {
    expected: strip.length,
    fired: strip.length - missed,
    completed: count("completed"),
    lock_skipped: count("lock_skipped"),
    otherwise_skipped: count("skipped"),
    missed,
    automation_errors: count("failed"),
    running: count("running"),
    unreported: count("unreported"),
    off_grid: offGrid,
    assessment: said.assessment,
    duration_ms: spreadOf(completedRuns(tally).flatMap(({ run }) => run.report?.duration_ms ?? [])),
    lateness_ms: spreadOf(fired),
    repos_covered: said.repos_covered,
    strip,
  };
}
