// The parts of a sweep's report that are compared, read without trust: another version may have written it, and what it does
// not say must not be taken for a good sign. (pure)
import { z } from "zod";
import type { FindingsReport, RunRow } from "./evidence.ts";

const OUTCOME = z.object({
  lock_skipped: z.boolean().nullable().catch(null),
  automation_error: z.unknown().transform(isThere),
  duration_ms: z.number().nullable().catch(null),
});

/** A field that is null says that there was none; one that is missing, or something else, says nothing. */
function isThere(error: unknown): boolean | null {
  if (error === null) return false;
  return typeof error === "object" && !Array.isArray(error) ? true : null;
}

/** @param report as `context_snapshot` holds it */
export function outcomeParts(report: unknown): RunRow["report"] {
  return OUTCOME.safeParse(report).data ?? null;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const FINDING = z.object({ repo: z.string(), check: z.string(), path: text, subject: text, first_seen: text });
const COUNT = z.number().int().nonnegative();
const FINDINGS = z.object({
  totals: z.record(z.string(), COUNT).nullable().catch(null),
  findings: z.array(FINDING).nullable().catch(null),
});

/** @param given `assessment_totals` and `assessment_failures` of a report, the latter with these fields at least */
export function findingsParts(given: { totals: unknown; findings: unknown }): FindingsReport {
  const { totals, findings } = FINDINGS.parse(given);
  return { totals, findings };
}

const SLUGS = z.object({
  repos_processed: z.array(z.object({ slug: z.string() })).catch([]),
  skipped_clean: z.array(z.string()).catch([]),
});

/** Slugs of the repositories that a run looked at. */
export function coveredIn(report: unknown): string[] {
  const read = SLUGS.safeParse(report).data;
  return read === undefined ? [] : [...read.repos_processed.map(({ slug }) => slug), ...read.skipped_clean];
}
