// Round after round: over the connections that stand, with verdicts that do not flap. What is down is asked less and less
// often, up to a minute, so that a host that comes back is not greeted by a storm.
import { setTimeout as delay } from "node:timers/promises";
import type { Io, Outcome } from "../cli/define_script.ts";
import { checkPaths, openPaths } from "./check_all.ts";
import { fittedTable } from "./fitted_table.ts";
import { type HealthTerms, outcomeOf } from "./health_command.ts";
import { type Settled, settle } from "./hysteresis.ts";
import { type LiveTable, openLiveTable } from "./live_table.ts";
import type { Path } from "./path.ts";
import { eachOnce, rememberVerdicts } from "./remember_verdicts.ts";
import { type HealthReport, type TunnelReport, worst } from "./report.ts";
import type { Tunnel } from "./tunnel.ts";

export interface WatchTerms extends HealthTerms {
  readonly intervalMs: number;
  /** null: until it is stopped. */
  readonly rounds: number | null;
  readonly io: Pick<Io, "show" | "json" | "quiet">;
}

interface Watched {
  readonly path: Path;
  settled: Settled | null;
  report: TunnelReport | null;
  /** performance.now() of its next round. */
  dueAt: number;
  /** Rounds in a row that found it down. */
  downs: number;
}

const RARELY_MS = 60_000;
/** A round of a tunnel that was up ends before the next begins: two lost rounds make three intervals at most. */
const OF_INTERVAL = 0.9;
/** Timers are early by a moment, and a round without a tunnel would be none. */
const EARLY_MS = 50;
/** To open one that is not: a dozen round trips, 5 s on a line of 300 ms. */
const OPEN_MS = 10_000;

/** @throws the signal's reason when it is stopped */
export async function watchCommand(tunnels: readonly Tunnel[], terms: WatchTerms): Promise<Outcome> {
  const watched = openPaths(tunnels, terms.path).map(watchOf);
  const memory = { ...terms.memory, note: eachOnce(terms.memory.note) };
  const live = terms.io.json || terms.io.quiet ? null : await openLiveTable();
  try {
    for (let round = 1; ; round++) {
      const report = await oneRound(watched, terms);
      // A hub that is silent must not make the next round late: what is not told now is told with a later one.
      await rememberVerdicts(report.tunnels, memory, untilNext(watched));
      const isSeen = await shown(report, live, terms);
      if (!isSeen || round === terms.rounds) return outcomeOf(report, terms);
      const wait = untilNext(watched);
      if (wait > 0) await delay(wait, undefined, { signal: terms.signal }).catch(() => terms.signal.throwIfAborted());
    }
  } finally {
    for (const { path } of watched) path.close();
  }
}

function watchOf(path: Path): Watched {
  return { path, settled: null, report: null, dueAt: 0, downs: 0 };
}

/** In ms, from now; below 0 where it is late. */
function untilNext(watched: readonly Watched[]): number {
  return Math.min(...watched.map(({ dueAt }) => dueAt)) - performance.now();
}

async function oneRound(watched: readonly Watched[], terms: WatchTerms): Promise<HealthReport> {
  const started = performance.now();
  const due = watched.filter(({ dueAt }) => dueAt <= started + EARLY_MS);
  const paths = due.map(({ path }) => path);
  const timeouts = new Map(due.map((each) => [each.path, timeoutOf(each, terms)]));
  const { timeoutMs, signal } = terms;
  const round = await checkPaths(paths, { timeoutMs, signal, timeoutOf: (path) => timeouts.get(path) ?? timeoutMs });
  for (const each of due) {
    const found = round.tunnels.find(({ name }) => name === each.path.tunnel.name);
    if (found !== undefined) take(each, found, { started, intervalMs: terms.intervalMs });
  }
  const reports = watched.flatMap(({ report }) => report ?? []);
  return { ...round, verdict: worst(reports.map(({ verdict }) => verdict)), tunnels: reports };
}

function timeoutOf({ settled }: Watched, { intervalMs, path }: WatchTerms): number {
  const hold = (path.holdSeconds ?? 0) * 1_000;
  const usual = intervalMs * OF_INTERVAL + hold;
  const wasUp = settled?.verdict === "healthy" || settled?.verdict === "degraded";
  return wasUp ? usual : Math.max(usual, OPEN_MS + hold);
}

function take(each: Watched, found: TunnelReport, o: { started: number; intervalMs: number }): void {
  each.settled = settle(each.settled, found.verdict);
  const { verdict } = each.settled;
  each.report = {
    ...found,
    verdict,
    cause: found.cause ?? (verdict === "healthy" ? null : `recovering: ${recentOf(each.settled)}`),
  };
  each.downs = verdict === "down" ? each.downs + 1 : 0;
  each.dueAt = o.started + pauseAfter(each.downs, o.intervalMs);
}

function recentOf({ recent }: Settled): string {
  return recent.join(", ");
}

/** Doubles with each round that found it down, after the first two. */
export function pauseAfter(downs: number, intervalMs: number): number {
  const grown = intervalMs * 2 ** Math.max(0, Math.min(downs - 2, 10));
  return Math.max(intervalMs, Math.min(grown, RARELY_MS));
}

/** @returns false when nobody looks any more */
async function shown(report: HealthReport, live: LiveTable | null, { io }: WatchTerms): Promise<boolean> {
  if (live === null) return io.show({ ...report }, JSON.stringify(report));
  // 40 columns at most: "12:34:56Z, 30000 ms; Ctrl-C ends".
  const footer = `${report.checked_at.slice(11, 19)}Z, ${report.ms} ms; Ctrl-C ends`;
  return live.draw((view, screen) => fittedTable(report.tunnels, footer, { view, screen }));
}
