// Whether two reports tell of the same open findings, by id. Two runs end at different times, and people mend things between
// them: what came or went just then, once, is no difference of the schedules. What comes and goes with each of them is. (pure)
import type { FindingHistory, FindingsReport, ListedFinding } from "./evidence.ts";

/** A report, and when its findings were read: milliseconds since 1970. */
export interface DatedReport extends FindingsReport {
  readonly at: number;
}

export type FindingsVerdict =
  | { readonly state: "same"; readonly open: number; readonly leftAside: readonly ListedFinding[] }
  | { readonly state: "differ"; readonly says: string }
  | { readonly state: "unknown"; readonly says: string };

export interface Apart {
  readonly inEarlier: readonly ListedFinding[];
  readonly inLater: readonly ListedFinding[];
}

/** Of more than these it is not asked what became of each: that much has not just changed. */
export const MOST_ASKED_ABOUT = 20;

/** Whether its list is all that was open: counts always cover the whole, lists are cut. */
export function isWhole({ totals, findings }: FindingsReport): boolean {
  return totals !== null && findings !== null && sumOf(totals) === findings.length;
}

/** What only one of them lists, the earlier report first. */
export function findingsApart(one: DatedReport, other: DatedReport): Apart {
  const [earlier, later] = one.at <= other.at ? [one, other] : [other, one];
  const [before, after] = [earlier.findings ?? [], later.findings ?? []];
  return { inEarlier: without(before, after), inLater: without(after, before) };
}

/** @param history of those that only one of them lists, where it was asked for */
export function judgeFindings(
  one: DatedReport,
  other: DatedReport,
  history: readonly FindingHistory[],
): FindingsVerdict {
  if (one.totals === null || other.totals === null || one.findings === null || other.findings === null)
    return { state: "unknown", says: "the newest report of one of them does not tell its open findings" };
  if (!isWhole(one) || !isWhole(other)) return judgeTotals(one.totals, other.totals);
  const { inEarlier, inLater } = findingsApart(one, other);
  const [from, until] = [Math.min(one.at, other.at), Math.max(one.at, other.at)];
  const found = rowsBy(history);
  const went = (finding: ListedFinding) => areAll(found.get(keyOf(finding)), (row) => hasGone(row, { from, until }));
  const came = (finding: ListedFinding) => areAll(found.get(keyOf(finding)), (row) => hasCome(row, { from, until }));
  const differing = [...inEarlier.filter((each) => !went(each)), ...inLater.filter((each) => !came(each))];
  if (differing.length === 0) return { state: "same", open: inBoth(one, other), leftAside: [...inEarlier, ...inLater] };
  return { state: "differ", says: `open findings differ: ${named(differing)}` };
}

/** The first few of them, for people. */
export function named(findings: readonly ListedFinding[]): string {
  const shown = findings
    .slice(0, 3)
    .map(({ check, repo, path, subject }) => `${check} in ${repo}${place(path ?? subject)}`);
  const more = findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** What a finding is told by: not its words or its line, which change while it stays open. */
export function keyOf({ repo, check, path, subject, first_seen }: ListedFinding): string {
  return JSON.stringify([repo, check, path, subject, first_seen === null ? null : Date.parse(first_seen)]);
}

function place(text: string | null): string {
  return text === null ? "" : `:${text}`;
}

/** With other totals they differ; with the same they may still be others. */
function judgeTotals(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): FindingsVerdict {
  const checks = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  const apart = checks.filter((check) => (one[check] ?? 0) !== (other[check] ?? 0));
  if (apart.length === 0)
    return {
      state: "unknown",
      says: `so many findings are open (${sumOf(one)}) that the reports do not list them all: their totals agree, whether they are the same cannot be told`,
    };
  const counts = apart.map((check) => `${check} ${one[check] ?? 0} and ${other[check] ?? 0}`).join(", ");
  return { state: "differ", says: `open findings differ: ${counts}` };
}

interface Between {
  readonly from: number;
  readonly until: number;
}

/** Closed between the reports, or waived meanwhile; one that was opened again before may be closed by one schedule each time. */
function hasGone({ closed_at, times_reopened, waived }: FindingHistory, { from, until }: Between): boolean {
  if (times_reopened > 0) return false;
  if (closed_at === null) return waived;
  return isBetween(Date.parse(closed_at), { from, until });
}

function hasCome({ first_seen, times_reopened }: FindingHistory, between: Between): boolean {
  return times_reopened === 0 && first_seen !== null && isBetween(Date.parse(first_seen), between);
}

// Whatever changes in the transaction that ends a run has that run's own time.
function isBetween(at: number, { from, until }: Between): boolean {
  return at > from && at <= until;
}

function areAll(rows: readonly FindingHistory[] | undefined, are: (row: FindingHistory) => boolean): boolean {
  return rows !== undefined && rows.length > 0 && rows.every(are);
}

function rowsBy(history: readonly FindingHistory[]): Map<string, FindingHistory[]> {
  return Map.groupBy(history, keyOf);
}

/** As often as a key is in `others`, it is taken out. */
function without(findings: readonly ListedFinding[], others: readonly ListedFinding[]): ListedFinding[] {
  const left = new Map<string, number>();
  for (const each of others) left.set(keyOf(each), (left.get(keyOf(each)) ?? 0) + 1);
  return findings.filter((each) => {
    const key = keyOf(each);
    const count = left.get(key) ?? 0;
    if (count > 0) left.set(key, count - 1);
    return count === 0;
  });
}

function inBoth(one: DatedReport, other: DatedReport): number {
  return (one.findings ?? []).length - without(one.findings ?? [], other.findings ?? []).length;
}

function sumOf(totals: Readonly<Record<string, number>>): number {
  return Object.values(totals).reduce((sum, count) => sum + count, 0);
}
