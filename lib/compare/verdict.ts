// The verdict over two schedules, and why, with numbers. What could not be told is never ready: evidence is asked for first,
// and a comparison without enough of it says nothing about the candidate. (pure)
import { type SourceFigures, THRESHOLDS, type Verdict } from "./comparison.ts";
import { type FindingsVerdict, named } from "./findings_apart.ts";

/** One of the two sources. */
export interface Side {
  readonly name: string;
  readonly figures: SourceFigures;
}

export interface Judged {
  readonly baseline: Side;
  readonly candidate: Side;
  readonly definitionId: string;
  readonly schedule: string | null;
  readonly hours: number;
  readonly findings: FindingsVerdict;
  /** Between their newest completed reports; null where one of them has none. */
  readonly slotsBetween: number | null;
}

export function judge(judged: Judged): { verdict: Verdict; reasons: string[] } {
  const [lacking, failing] = [lackingEvidence(judged), failings(judged)];
  const beside = remarks(judged);
  if (lacking.length > 0) return { verdict: "not_enough_evidence", reasons: [...lacking, ...failing, ...beside] };
  if (failing.length > 0) return { verdict: "not_ready", reasons: [...failing, ...beside] };
  return { verdict: "ready", reasons: [...merits(judged), ...beside] };
}

/** Whether the candidate fired often enough. */
export function firedEnough({ fired, expected }: Pick<SourceFigures, "fired" | "expected">): boolean {
  return fired * 100 >= expected * THRESHOLDS.min_fired_percent;
}

function lackingEvidence({ baseline, candidate, ...judged }: Judged): string[] {
  const { schedule, definitionId, hours, findings, slotsBetween } = judged;
  if (schedule === null)
    return [
      `Nobody knows the schedule of ${definitionId}: its row in the hub has none, or there is no row and its file has none`,
    ];
  const { min_expected, min_completed, max_slots_between_reports } = THRESHOLDS;
  const { expected } = candidate.figures;
  const short = expected < min_expected;
  const few = [baseline, candidate].filter(({ figures }) => figures.completed < min_completed);
  const far = slotsBetween !== null && slotsBetween > max_slots_between_reports;
  return [
    ...(short ? [`${slots(expected)} of ${schedule} in the last ${hours} h; at least ${min_expected} are wanted`] : []),
    ...few.map(
      ({ name, figures }) => `${name} completed ${runs(figures.completed)}; at least ${min_completed} are wanted`,
    ),
    ...(far
      ? [
          `${slotsBetween} slots lie between the newest completed reports of the two; to compare findings, at most ${max_slots_between_reports}`,
        ]
      : []),
    ...(findings.state === "unknown" ? [sentence(findings.says)] : []),
  ];
}

/** Of what the candidate may have no more than the baseline has. */
const NO_MORE: readonly { readonly what: string; of(figures: SourceFigures): number }[] = [
  { what: "automation errors", of: ({ automation_errors }) => automation_errors },
  { what: "runs skipped for another reason than the lock", of: ({ otherwise_skipped }) => otherwise_skipped },
  { what: "runs that never ended", of: ({ running }) => running },
  { what: "runs without a report that says what they did", of: ({ unreported }) => unreported },
];

function failings({ baseline, candidate, findings, schedule }: Judged): string[] {
  if (schedule === null) return [];
  const more = NO_MORE.filter(({ of }) => of(candidate.figures) > of(baseline.figures));
  return [
    ...(firedEnough(candidate.figures)
      ? []
      : [`${firedLine(candidate)}; at least ${THRESHOLDS.min_fired_percent} % are wanted`]),
    ...stopped(candidate),
    ...more.map(
      ({ what, of }) =>
        `${candidate.name} has more ${what} than ${baseline.name}: ${of(candidate.figures)} and ${of(baseline.figures)}`,
    ),
    ...seesLess(candidate, baseline),
    ...(findings.state === "differ" ? [sentence(findings.says)] : []),
  ];
}

/** In a long window, hours at its end are less than the share that may be missed. */
function stopped({ name, figures: { strip } }: Side): string[] {
  const worked = strip.findLastIndex((outcome) => outcome === "completed" || outcome === "lock_skipped");
  const idle = strip.length - 1 - worked;
  const { max_idle_at_end } = THRESHOLDS;
  if (worked === -1 || idle <= max_idle_at_end) return [];
  return [`${name} did its job in none of the newest ${idle} slots; at most ${max_idle_at_end} are let pass`];
}

/** Findings are the whole hub's in each report, also in that of a run whose checkouts are gone. */
function seesLess(candidate: Side, baseline: Side): string[] {
  const [own, others] = [candidate, baseline].map(({ figures }) => figures.repos_covered) as [number, number];
  if (own >= others || candidate.figures.completed < THRESHOLDS.min_completed) return [];
  return [`${candidate.name} looked at fewer repositories than ${baseline.name}: ${own} and ${others}`];
}

function merits({ baseline, candidate, findings }: Judged): string[] {
  const errors = [candidate, baseline].map(({ figures }) => figures.automation_errors);
  return [
    firedLine(candidate),
    `${candidate.name} completed ${runs(candidate.figures.completed)}, ${baseline.name} ${baseline.figures.completed}`,
    `${candidate.name} has no more automation errors than ${baseline.name}: ${errors.join(" and ")}`,
    ...(findings.state === "same" ? [`The same findings are open in both reports: ${findings.open}`] : []),
  ];
}

/** What was left out, so that nobody has to wonder. */
function remarks({ baseline, candidate, findings, schedule }: Judged): string[] {
  const aside = findings.state === "same" ? findings.leftAside : [];
  const offGrid = [baseline, candidate].filter(({ figures }) => figures.off_grid > 0);
  return [
    ...(aside.length > 0 ? [`Left aside, because it came or went between the two reports: ${named(aside)}`] : []),
    ...(schedule === null ? [] : offGrid).map(
      ({ name, figures }) =>
        `Left aside, because no slot of ${schedule} explains it: ${runs(figures.off_grid)} of ${name}`,
    ),
  ];
}

function firedLine({ name, figures: { fired, expected } }: Side): string {
  // Rounded down: 94.96 % is not the 95 % that are wanted.
  const percent = expected === 0 ? "" : ` (${Math.floor((fired * 1000) / expected) / 10} %)`;
  return `${name} fired in ${fired} of ${slots(expected)}${percent}`;
}

function runs(count: number): string {
  return `${count} ${count === 1 ? "run" : "runs"}`;
}

function slots(count: number): string {
  return `${count} ${count === 1 ? "slot" : "slots"}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
