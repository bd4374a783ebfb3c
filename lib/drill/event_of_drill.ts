// The progress event of a drill: what later gates ask about, and not a list of a database's tables. (pure)
import type { DrillEvent } from "./record_event.ts";
import type { DrillReport } from "./report.ts";

export interface EventTerms {
  /** null: the evidence could not be kept. */
  readonly evidenceDigest: string | null;
  /** Only what is stored was asked, not the live database. */
  readonly stored: boolean;
  readonly host: string;
}

const DIFFERING_SHOWN = 20;

export function eventOfDrill(report: DrillReport, { evidenceDigest, stored, host }: EventTerms): DrillEvent {
  const { verdict, source, backup } = report;
  const differing = report.tables.filter(({ equal }) => !equal).map(({ name }) => name);
  return {
    type: "backup_restore_drill",
    summary: `${verdict}: ${stored ? "restored from a store" : "restored from the live database"}`,
    detail: {
      drill_id: report.drill_id,
      verdict,
      reasons: report.reasons,
      evidence_digest: evidenceDigest,
      facts_digest: report.facts_digest,
      schema_digest: report.schema_digest,
      system_identifier: source.system_identifier,
      instance_id: source.instance_id,
      database: source.database,
      backup_id: backup?.id ?? null,
      manifest_digest: backup?.manifest_digest ?? null,
      encrypted: backup?.encrypted ?? false,
      restored_from: stored || backup !== null ? "store" : "live",
      target: report.target.kind,
      database_clock: report.database_clock,
      rows: report.rows,
      tables: report.tables.length,
      tables_differing: differing.slice(0, DIFFERING_SHOWN),
      hub: report.hub,
      stages: report.stages,
      versions: report.versions,
      host,
    },
  };
}
