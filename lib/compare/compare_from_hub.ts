// The same comparison from a hub's routes, for a machine that has no database: the hub's rows, the hub's clock. Whole reports
// travel then, page by page.
import { z } from "zod";
import { OpsFailure } from "../failure.ts";
import { compareRuns } from "./compare_runs.ts";
import type { Comparison, ComparisonTerms } from "./comparison.ts";
import type { Evidence, FindingHistory, FindingsReport, ListedFinding, Reports, RunRow } from "./evidence.ts";
import { keyOf } from "./findings_apart.ts";
import { askPage, type HubDoor } from "./hub_page.ts";
import { coveredIn, findingsParts, outcomeParts } from "./report_parts.ts";

const REPORT_KEY = "consistency_sweep_remote_all";
// Each with a whole report.
const RUNS_A_PAGE = 50;
const FINDINGS_A_PAGE = 200;
/** More than a month of quarters of an hour, of three sources. */
const MOST_PAGES = 200;
const HOUR_MS = 3_600_000;

const RUN = z.object({
  run_id: z.string(),
  definition_id: z.string(),
  source: z.string(),
  scheduled_for: z.string().nullable(),
  fired_at: z.string(),
  finished_at: z.string().nullable(),
  status: z.string(),
  context_snapshot: z.record(z.string(), z.unknown()),
});
const FINDING = z.object({
  repo: z.string(),
  check: z.string(),
  path: z.string().nullable(),
  subject: z.string().nullable(),
  first_seen: z.string(),
  closed_at: z.string().nullable(),
  times_reopened: z.number(),
  waived: z.boolean(),
});

/** @throws OpsFailure as compareRuns; when the hub does not answer, refuses, or answers something else */
export function compareFromHub(door: HubDoor, terms: ComparisonTerms): Promise<Comparison> {
  return compareRuns(evidenceFrom(door), terms);
}

function evidenceFrom(door: HubDoor): Evidence {
  const kept = new Map<string, unknown>();
  return {
    runs: (terms) => runsOf(door, terms, kept),
    reports: async (completed, newest) => reportsIn(kept, completed, newest),
    history: async (findings) => (await Promise.all(findings.map((each) => historyOf(door, each)))).flat(),
  };
}

/** A run's slot is never after its firing, so that `since` leaves none out. */
async function runsOf(
  door: HubDoor,
  { definitionId, hours }: { definitionId: string; hours: number },
  kept: Map<string, unknown>,
) {
  const { as_of } = await askPage(door, "/state/summary", z.object({ as_of: z.string() }));
  const [now, since] = [new Date(as_of), new Date(Date.parse(as_of) - hours * HOUR_MS)];
  const query = { definition_id: definitionId, since: since.toISOString(), snapshot: "true" };
  const items = await allOf(door, "/activity-runs", { ...query, limit: String(RUNS_A_PAGE) }, RUN);
  const runs: RunRow[] = [];
  for (const { context_snapshot, scheduled_for, definition_id, ...row } of items) {
    if (scheduled_for === null || definition_id !== definitionId) continue;
    const slot = Date.parse(scheduled_for);
    if (slot < since.getTime() || slot > now.getTime()) continue;
    const report = context_snapshot[REPORT_KEY];
    kept.set(row.run_id, report);
    runs.push({ ...row, scheduled_for, report: outcomeParts(report) });
  }
  return { now, runs };
}

function reportsIn(
  kept: ReadonlyMap<string, unknown>,
  completed: readonly RunRow[],
  newest: readonly string[],
): Reports {
  const slugs = new Map<string, Set<string>>();
  for (const { run_id, source } of completed) {
    const own = slugs.get(source) ?? new Set();
    for (const slug of coveredIn(kept.get(run_id))) own.add(slug);
    slugs.set(source, own);
  }
  const findings = newest.map((id): [string, FindingsReport] => [id, findingsIn(kept.get(id))]);
  return { covered: new Map([...slugs].map(([source, own]) => [source, own.size])), findings: new Map(findings) };
}

function findingsIn(report: unknown): FindingsReport {
  const { assessment_totals: totals, assessment_failures: findings } = (report ?? {}) as Record<string, unknown>;
  return findingsParts({ totals, findings });
}

async function historyOf(door: HubDoor, finding: ListedFinding): Promise<FindingHistory[]> {
  if (finding.first_seen === null) return [];
  const { repo, check } = finding;
  // A millisecond back: reports have more digits than a Date.
  const since = new Date(Date.parse(finding.first_seen) - 1).toISOString();
  const query = { state: "all", repo, check, since, limit: String(FINDINGS_A_PAGE) };
  const items = await allOf(door, "/findings", query, FINDING);
  return items.filter((item) => keyOf(item) === keyOf(finding));
}

/** A whole list. @throws OpsFailure when it does not end */
async function allOf<T extends z.ZodType>(
  door: HubDoor,
  path: string,
  query: Readonly<Record<string, string>>,
  item: T,
): Promise<z.output<T>[]> {
  const page = z.object({ items: z.array(item), next_cursor: z.string().nullable() });
  const items: z.output<T>[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const asked = new URLSearchParams({ ...query, ...(cursor === null ? {} : { cursor }) });
    const answer: z.output<typeof page> = await askPage(door, `${path}?${asked}`, page);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) return items;
  }
  throw new OpsFailure("Could not read the hub's list to its end", {
    observed: `${items.length} rows of ${path}, and more`,
    where: door.url,
    hint: "Compare fewer --hours, or with DATABASE_URL",
  });
}
