// Two schedules as a test writes them down, one character for each slot, and played into a real hub through the recorder that
// sweeps use: `=` completed, `s` refused the lock, `h` skipped because the hub was down, `X` failed, `K` killed, `.` nothing.
import {
  recordSweep,
  recordUnendedSweep,
  SWEEP_DEFINITION_ID,
  storeActivityRun,
} from "../../../lib/activity/activity_run.ts";
import type { ComparisonTerms } from "../../../lib/compare/comparison.ts";
import type { OpenFinding } from "../../../lib/consistency/findings.ts";
import { LISTED_FINDINGS, NO_ACTIONS, type Report, type Source } from "../../../lib/consistency/report.ts";
import type { Database } from "../../../lib/db/connect.ts";
import type { Transaction } from "../../../lib/db/handles.ts";

export const BASELINE = "local-timer";
export const CANDIDATE = "k8s-cronjob";
const [SECOND_MS, MINUTE_MS] = [1_000, 60_000];
const PERIOD_MS = 15 * MINUTE_MS;
/** Longer ago than a slot takes to be settled, and long before the next one: no test sees a slot come due while it runs. */
const NEWEST_SLOT_AGO_MS = 11 * MINUTE_MS;

/** A grid of quarters of an hour that stands well around now, as the hub's table has it. */
export interface Grid {
  readonly cron: string;
  /** The newest so many slots, oldest first, milliseconds. */
  slots(count: number): number[];
  /** Terms of a window that begins just before the oldest of them. */
  terms(count: number): ComparisonTerms;
}

export async function layGrid({ sql }: Database): Promise<Grid> {
  const [clock] = await sql<{ now: Date }[]>`select now()`;
  const now = clock?.now.getTime() ?? 0;
  const newest = Math.floor((now - NEWEST_SLOT_AGO_MS) / MINUTE_MS) * MINUTE_MS;
  const first = new Date(newest).getUTCMinutes() % 15;
  const cron = `${[0, 15, 30, 45].map((quarter) => quarter + first).join(",")} * * * *`;
  const definition = JSON.stringify({ trigger: { cron } });
  await sql`
    insert into activity.activity_definitions (id, name, definition, digest)
    values (${SWEEP_DEFINITION_ID}, 'State Hub Consistency Sweep', ${definition}::text::jsonb, '')
    on conflict (id) do update set definition = excluded.definition`;
  const slots = (count: number) =>
    Array.from({ length: count }, (_, index) => newest - (count - 1 - index) * PERIOD_MS);
  const hoursOf = (count: number) => (now - newest + (count - 1) * PERIOD_MS + MINUTE_MS) / 3_600_000;
  return {
    cron,
    slots,
    terms: (count) => ({
      hours: hoursOf(count),
      baseline: BASELINE,
      candidate: CANDIDATE,
      definitionId: SWEEP_DEFINITION_ID,
      schedule: cron,
    }),
  };
}

/** What a run reports, where it is not the usual: nothing open, three repositories, 30 s. */
export interface Reported {
  readonly findings?: readonly OpenFinding[];
  /** More are open than are listed. */
  readonly totals?: Readonly<Record<string, number>>;
  readonly durationMs?: number;
  readonly slugs?: readonly string[];
}

export interface Play {
  readonly source: string;
  /** The last character is the newest slot. */
  readonly strip: string;
  /** From the slot to the firing. */
  readonly lateMs?: number;
  /** Of its newest completed run. */
  readonly newest?: Reported;
}

export function finding(given: Partial<OpenFinding> = {}): OpenFinding {
  return {
    check: "C-05",
    severity: "error",
    repo: "alpha",
    path: "workplans/one.md",
    line: 3,
    column: null,
    subject: "A-WP-0001",
    message: "It says two things",
    observed: null,
    expected: null,
    hint: null,
    first_seen: "2026-01-02T03:04:05.678901+00:00",
    ...given,
  };
}

export async function play(database: Database, grid: Grid, plays: readonly Play[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const { source, strip, lateMs = SECOND_MS, newest = {} } of plays) {
      const slots = grid.slots(strip.length);
      for (const [index, sign] of [...strip].entries()) {
        const firedAt = new Date((slots[index] ?? 0) + lateMs);
        await playRun(tx, { source, sign, firedAt, reported: index === strip.lastIndexOf("=") ? newest : {} });
      }
    }
  });
}

interface PlayedRun {
  readonly source: string;
  readonly sign: string;
  readonly firedAt: Date;
  readonly reported?: Reported;
}

export async function playRun(tx: Transaction, { source, sign, firedAt, reported = {} }: PlayedRun): Promise<void> {
  const runId = Bun.randomUUIDv7();
  const at = firedAt.toISOString();
  if (sign === ".") return;
  if (sign === "h") {
    const when = { firedAt: at, finishedAt: at };
    const reason = "state-hub.health: no answer";
    return storeActivityRun(tx, { runId, source, when, status: "skipped", reason, report: null });
  }
  if (sign === "K") return recordUnendedSweep(tx, { runId, source, host: "a-host", pid: 1, since: at });
  const report = reportOf({ runId, source: source as Source, firedAt, sign, ...reported });
  return recordSweep(tx, { report, at });
}

export function reportOf(about: Reported & { runId: string; source: Source; firedAt: Date; sign: string }): Report {
  const { runId, source, firedAt, sign, findings = [], durationMs = 30 * SECOND_MS, slugs = ["a", "b", "c"] } = about;
  const totals = about.totals ?? countsOf(findings);
  const [first, ...clean] = slugs;
  return {
    run_id: runId,
    source,
    mode: "remote-all",
    dry_run: false,
    started_at: firedAt.toISOString(),
    finished_at: new Date(firedAt.getTime() + durationMs).toISOString(),
    duration_ms: durationMs,
    max_seconds: 300,
    lock_skipped: sign === "s",
    lock_holder: null,
    repos_total: slugs.length,
    repos_processed: first === undefined ? [] : [processed(first)],
    skipped_clean: clean,
    skipped_missing: [],
    skipped_budget: [],
    automation_error: sign === "X" ? { check: "C-00", message: "no database", repo: null } : null,
    assessment_failures: findings.slice(0, LISTED_FINDINGS),
    assessment_totals: totals,
    truncated: Object.values(totals).reduce((sum, count) => sum + count, 0) > findings.length,
    exit_code: sign === "X" ? 2 : 0,
  };
}

function processed(slug: string): Report["repos_processed"][number] {
  const workplans = { found: 2, parsed: 2, failed: 0 } as unknown as Report["repos_processed"][number]["workplans"];
  const tasks = { found: 9, parsed: 9, failed: 0 };
  return {
    slug,
    head: "0123456789abcdef0123456789abcdef01234567",
    workplans,
    tasks,
    actions: NO_ACTIONS,
    duration_ms: 9,
  };
}

function countsOf(findings: readonly OpenFinding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { check } of findings) counts[check] = (counts[check] ?? 0) + 1;
  return counts;
}
