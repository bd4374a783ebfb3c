// The report of a drill, from what it knows and what was judged of it. (pure)
import type { Draft } from "./draft.ts";
import { judge } from "./judge.ts";
import type { DrillReport, Stage } from "./report.ts";

export interface ReportHead {
  readonly drillId: string;
  readonly toolkit: string;
  readonly stages: readonly Stage[];
}

export function reportOf(draft: Draft, { drillId, toolkit, stages }: ReportHead): DrillReport {
  const { comparison, source } = draft;
  const tables = comparison?.tables ?? [];
  return {
    drill_id: drillId,
    ...judge(draft),
    source: {
      url: draft.sourceUrl,
      database: source?.database ?? "",
      system_identifier: source?.system_identifier ?? null,
      instance_id: draft.instanceId,
    },
    backup: draft.backup,
    target: draft.target,
    tables,
    tables_equal: tables.filter(({ equal }) => equal).length,
    rows: draft.rows,
    sequences: comparison?.sequences ?? { compared: 0, differing: [] },
    schema_equal: comparison?.schemaEqual ?? null,
    differences: [...(comparison?.differences ?? []), ...(draft.hub?.differences ?? [])],
    hub: draft.hub?.hub ?? "not_compared",
    not_compared: comparison?.notCompared ?? [],
    remarks: [...(comparison?.remarks ?? []), ...draft.remarks],
    stages,
    artifacts: draft.artifacts,
    database_clock: draft.clock,
    versions: {
      source: source?.version ?? null,
      target: draft.targetVersion,
      client: draft.clientVersion,
      toolkit,
    },
    facts_digest: draft.digests?.facts ?? null,
    schema_digest: draft.digests?.schema ?? null,
  };
}
