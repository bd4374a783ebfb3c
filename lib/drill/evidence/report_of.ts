// The report of a drill, from what it knows and what was judged of it. (pure)
import type { Draft } from "./draft.ts";
import { judge } from "./judge.ts";
import type { DrillReport, Stage } from "./report.ts";

/** What the draft does not hold. */
export interface ReportHead {
  readonly drillId: string;
  readonly toolkit: string;
  readonly stages: readonly Stage[];
}

/** @returns all that is known, judged; what was never reached is null, empty or 0 */
export function reportOf(draft: Draft, { drillId, toolkit, stages }: ReportHead): DrillReport {
  const { backup, target, rows, artifacts, clock, digests } = draft;
  return {
    drill_id: drillId,
    ...judge(draft),
    ...{ source: sourceOf(draft), backup, target, rows },
    ...foundIn(draft),
    ...{ stages, artifacts, database_clock: clock, versions: versionsOf(draft, toolkit) },
    facts_digest: digests?.facts ?? null,
    schema_digest: digests?.schema ?? null,
  };
}

function sourceOf({ sourceUrl, source, instanceId }: Draft): DrillReport["source"] {
  return {
    url: sourceUrl,
    database: source?.database ?? "",
    system_identifier: source?.system_identifier ?? null,
    instance_id: instanceId,
  };
}

function versionsOf({ source, targetVersion, clientVersion }: Draft, toolkit: string): DrillReport["versions"] {
  return { source: source?.version ?? null, target: targetVersion, client: clientVersion, toolkit };
}

/** What the comparisons found. */
function foundIn({ comparison, hub, remarks }: Draft) {
  const tables = comparison?.tables ?? [];
  return {
    tables,
    tables_equal: tables.filter(({ equal }) => equal).length,
    sequences: comparison?.sequences ?? { compared: 0, differing: [] },
    schema_equal: comparison?.schemaEqual ?? null,
    differences: [...(comparison?.differences ?? []), ...(hub?.differences ?? [])],
    hub: hub?.hub ?? "not_compared",
    not_compared: comparison?.notCompared ?? [],
    remarks: [...(comparison?.remarks ?? []), ...remarks],
  } as const;
}
