// A comparison for people: figures side by side, the strip of each source, and then the verdict with its reasons.
import type { View } from "../cli/define_script.ts";
import type { Comparison, SourceFigures, Spread, Verdict } from "./comparison.ts";
import { layOutStrip, legendOf, paintLine } from "./strip.ts";

export function renderComparison(comparison: Comparison, view: View): string {
  const { window, schedule, slots } = comparison;
  const { paint } = view;
  const head = `${schedule ?? "No known schedule"} in UTC, ${minute(window.from)} to ${minute(window.until)} (${window.hours} h): ${slots.length} slots`;
  const parts = [
    paint.strong(head),
    countsTable(comparison, view),
    timesTable(comparison, view),
    ...(slots.length === 0 ? [] : [stripsOf(comparison, view)]),
    verdictOf(comparison, view),
  ];
  return parts.join("\n\n");
}

function countsTable({ sources, ...comparison }: Comparison, view: View): string {
  const { paint } = view;
  const rows = Object.entries(sources).map(([name, figures]) => [
    nameOf(name, comparison),
    `${figures.fired} of ${figures.expected}`,
    figures.completed,
    figures.lock_skipped,
    figures.otherwise_skipped,
    alarming(figures.missed, paint.error),
    alarming(figures.automation_errors, paint.error),
    alarming(figures.running + figures.unreported, paint.warning),
  ]);
  const counts = ["fired", "completed", "lock skips", "other skips", "missed", "errors", "unclear"];
  return view.table([{ title: "source" }, ...counts.map((title) => ({ title, align: "right" as const }))], rows);
}

function timesTable({ sources, ...comparison }: Comparison, view: View): string {
  const rows = Object.entries(sources).map(([name, figures]) => [
    nameOf(name, comparison),
    spread(figures.duration_ms),
    spread(figures.lateness_ms),
    figures.repos_covered,
    findings(figures),
  ]);
  const columns = [
    { title: "source" },
    { title: "took p50, p95, max", align: "right" as const },
    { title: "late p50, p95, max", align: "right" as const },
    { title: "repositories", align: "right" as const },
    { title: "open findings" },
  ];
  return view.table(columns, rows);
}

const INDENT = "  ";
/** `11-21 12:00:00  `. */
const TIME_COLUMNS = 14;

function stripsOf({ sources, slots, ...comparison }: Comparison, { paint, width }: View): string {
  const at = slots.map((slot) => Date.parse(slot));
  const room = Math.max(10, width - INDENT.length - TIME_COLUMNS - 2);
  const laid = Object.entries(sources).map(([name, { strip }]) => ({ name, ...layOutStrip(at, strip, room) }));
  const blocks = laid.map(({ name, lines }) =>
    [
      nameOf(name, comparison),
      ...lines.map((line) => `${INDENT}${paint.dim(lineTime(line.at))}  ${paintLine(line, paint)}`),
    ].join("\n"),
  );
  const [{ slotsPerCell } = { slotsPerCell: 1 }] = laid;
  const fold = slotsPerCell === 1 ? "" : `; each character is the worst of ${slotsPerCell} slots`;
  const strips = Object.values(sources).map(({ strip }) => strip);
  return [...blocks, `${legendOf(strips, paint)}${fold}`].join("\n");
}

const SAYS: Readonly<Record<Verdict, string>> = {
  ready: "Ready",
  not_ready: "Not ready",
  not_enough_evidence: "Not enough evidence",
};

function verdictOf({ verdict, reasons, candidate, again }: Comparison, { paint }: View): string {
  const colour = verdict === "ready" ? paint.ok : verdict === "not_ready" ? paint.error : paint.warning;
  const question = verdict === "ready" ? `${candidate} may take over` : `${candidate} may not take over yet`;
  const lines = reasons.map((reason) => `${INDENT}- ${reason}`);
  const when = again === null ? [] : [`There may be enough from ${minute(again.at)} on, over ${again.hours} h`];
  return [`${colour(SAYS[verdict])}: ${question}`, ...lines, ...when].join("\n");
}

function nameOf(name: string, { baseline, candidate }: Pick<Comparison, "baseline" | "candidate">): string {
  if (name === baseline) return `${name} (baseline)`;
  return name === candidate ? `${name} (candidate)` : name;
}

function alarming(count: number, colour: (text: string) => string): string {
  return count === 0 ? "0" : colour(String(count));
}

function findings({ assessment }: SourceFigures): string {
  if (assessment === null) return "unknown";
  const counts = Object.entries(assessment).map(([check, count]) => `${check} ${count}`);
  return counts.length === 0 ? "none" : counts.sort().join(", ");
}

function spread(times: Spread | null): string {
  return times === null ? "-" : [times.p50, times.p95, times.max].map(seconds).join(", ");
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
}

/** `2026-11-21 12:00 UTC`. */
function minute(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/** `11-21 12:00`, with seconds where it has any. */
function lineTime(at: number): string {
  const iso = new Date(at).toISOString();
  const time = iso.slice(5, 16).replace("T", " ");
  return (at % 60_000 === 0 ? time : iso.slice(5, 19).replace("T", " ")).padEnd(TIME_COLUMNS);
}
