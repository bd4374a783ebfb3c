// A run's result as it was kept and sent, made into what the report for people is rendered from. It came over a network
// from a hub that may be of another version: it is checked first.
import { z } from "zod";
import { OpsFailure } from "../failure.ts";
import type { FleetResult } from "./run_ledger.ts";

const text = z.string();
const count = z.number();
const list = z.array(text);
const counts = z.looseObject({ found: count, parsed: count, failed: count, ignored: count });
// What rendering stands on; whatever else there is passes through as it came.
const DOCUMENT = z.looseObject({
  run_id: text,
  mode: text,
  dry_run: z.boolean(),
  duration_ms: count,
  lock_skipped: z.boolean(),
  lock_holder: z.looseObject({ source: text, host: text, pid: count, since: text }).nullable(),
  repos_total: count,
  repos_processed: z.array(
    z.looseObject({
      slug: text,
      head: text.nullable(),
      workplans: counts,
      tasks: z.looseObject({ found: count, parsed: count, failed: count }),
      actions: z.looseObject({
        created: count,
        updated: count,
        orphaned: count,
        written_back: count,
        pending_writeback: count,
      }),
    }),
  ),
  skipped_clean: list,
  skipped_missing: list,
  skipped_budget: list,
  automation_error: z.looseObject({ message: text, repo: text.nullable() }).nullable(),
  assessment_failures: z.array(
    z.looseObject({
      check: text,
      severity: text,
      repo: text,
      path: text.nullable(),
      line: count.nullable(),
      column: count.nullable(),
      subject: text.nullable(),
      message: text,
      observed: text.nullable(),
      expected: text.nullable(),
      hint: text.nullable(),
    }),
  ),
  assessment_totals: z.record(text, count),
  truncated: z.boolean(),
  exit_code: z.literal([0, 1, 2]),
  remarks: list,
  human_gates: z.array(z.looseObject({ task_id: text, title: text, intervention_note: text.nullable() })),
  waived: count,
});
const KEPT = z.object({
  document: DOCUMENT,
  rendering: z.object({ clean_counts: z.record(text, counts), hint: text.nullable() }),
});

/**
 * The result of a run over remotes that somebody else has done.
 * @throws OpsFailure (automation) when it is none: another version's, or another program's
 */
export function resultFrom(kept: unknown): FleetResult {
  const read = KEPT.safeParse(kept);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new OpsFailure("Could not read the run's result", {
      observed: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
      expected: "the result of a run of this toolkit's version",
    });
  }
  const { document, rendering } = read.data;
  const { remarks, human_gates, waived, plan: _plan, schema_version: _version, ...report } = document;
  return {
    report: report as unknown as FleetResult["report"],
    registered: null,
    remarks,
    cleanCounts: new Map(Object.entries(rendering.clean_counts)),
    humanGates: human_gates as unknown as FleetResult["humanGates"],
    waived,
    hint: rendering.hint,
    isRemote: true,
  };
}
