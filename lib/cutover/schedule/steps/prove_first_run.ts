// The proof that the new owner fires: a run of its own in the hub, in a slot after it was switched on. An enabled unit and an
// unsuspended CronJob are only promises.
import { OpsFailure } from "../../../failure.ts";
import { readJournal } from "../../../plan/journal.ts";
import type { Look, Step } from "../../../plan/run_steps.ts";
import { waitUntil } from "../../../wait_until.ts";
import { hubClock } from "../hub_clock.ts";
import type { Move } from "../move.ts";
import { journalPath } from "../move_files.ts";
import { stepOf } from "../move_journal.ts";
import { runsAfter, type ScheduleRun } from "../schedule_runs.ts";

type Proving = Pick<Move, "hub" | "grid" | "activity" | "home" | "signal" | "progress">;

export interface FirstRunTerms {
  readonly plan: string;
  /** Whose run it must be. */
  readonly source: string;
  /** The step that switched it on: its slots count from then. */
  readonly after: "unsuspend_cronjob" | "enable_timer";
  /** How late a run may be started. */
  readonly startsWithinSeconds: number;
  /** What takes the move back. */
  readonly otherwise: string;
}

const LOOK_EVERY_MS = 250;
/** That a sweep was refused the lock says that the schedule fires, and nothing about its runs: so many slots are waited for. */
const SLOTS_TO_WAIT_FOR = 4;

export function proveFirstRun(move: Proving, terms: FirstRunTerms): Step {
  return {
    id: "prove_first_run",
    says: `The first run of ${terms.source} is waited for: a row of its own in the hub, in a slot of its own`,
    commands: [],
    undo: "nothing to undo: it only looks",
    look: () => lookForRun(move, terms),
    act: async () => waitForRun(move, terms),
  };
}

async function lookForRun(move: Proving, terms: FirstRunTerms): Promise<Look> {
  const runs = await runsOf(move, terms);
  const proof = runs.find(({ status }) => status === "succeeded");
  if (proof === undefined) return { done: false, evidence: { runs: runs.map(words) } };
  const { run_id, scheduled_for } = proof;
  return { done: true, evidence: { run_id, slot: scheduled_for.toISOString(), source: terms.source } };
}

async function runsOf({ hub, activity, home }: Proving, { plan, source, after }: FirstRunTerms) {
  const since = stepOf(readJournal(journalPath(home)), plan, after)?.detail.hub_time;
  if (typeof since !== "string") throw new Error(`the journal does not say when ${after} was begun`);
  return runsAfter(hub.sql, { definition: activity.uuid, source, after: new Date(since) });
}

async function waitForRun(move: Proving, terms: FirstRunTerms): Promise<void> {
  const { hub, grid, activity, signal, progress } = move;
  const started = await hubClock(hub.sql);
  const patienceMs = (terms.startsWithinSeconds + activity.maxSeconds) * 1_000;
  const slots = slotsAfter(grid, started);
  const told = new Set<string>();
  const wait = { forWhat: `a run of ${terms.source}`, deadlineMs: 48 * 3_600_000, intervalMs: LOOK_EVERY_MS, signal };
  await waitUntil(wait, async () => {
    const runs = await runsOf(move, terms);
    if (runs.some(({ status }) => status === "succeeded")) return { found: true };
    const failed = runs.find(({ status, scheduled_for }) => status === "failed" && scheduled_for > started);
    if (failed !== undefined) throw notProven(terms, words(failed));
    for (const run of runs.filter(({ status, run_id }) => status === "skipped" && !told.has(run_id))) {
      told.add(run.run_id);
      progress(`${words(run)}; waits for the next slot`);
    }
    const slot = slots[Math.min(told.size, SLOTS_TO_WAIT_FOR - 1)];
    const until = new Date((slot ?? started).getTime() + patienceMs);
    const seen = runs.length === 0 ? `no run of ${terms.source}` : runs.map(words).join("; ");
    if ((await hubClock(hub.sql)) > until) throw notProven(terms, `${seen} until ${until.toISOString()}`);
    progress(`waits for the run of ${terms.source} in the slot of ${slot?.toISOString() ?? "none"}`);
    return { seen };
  });
}

function slotsAfter(grid: Move["grid"], from: Date): Date[] {
  const slots: Date[] = [];
  for (let next = grid.nextAfter(from); next !== null && slots.length < SLOTS_TO_WAIT_FOR; next = grid.nextAfter(next))
    slots.push(next);
  return slots;
}

/** "skipped in the slot of 2026-11-21T11:45:00.000Z: the lock is held by manual" */
function words({ status, lock_skipped, scheduled_for, reason }: ScheduleRun): string {
  const what = lock_skipped ? "skipped because of the lock" : status;
  return `${what} in the slot of ${scheduled_for.toISOString()}${reason === null ? "" : `: ${reason}`}`;
}

function notProven({ source, otherwise }: FirstRunTerms, observed: string): OpsFailure {
  return new OpsFailure("Could not prove the first run", {
    observed,
    expected: `a run of ${source} that succeeded`,
    hint: otherwise,
  });
}
