// The progress event of a drill: what later gates ask about, and not a list of a database's tables. (pure)
import { DRILL } from "./drill_name.ts";
import type { DrillEvent } from "./record_event.ts";
import type { DrillReport } from "./report.ts";

interface EventTerms {
  /** null: the evidence could not be kept. */
  readonly evidenceDigest: string | null;
  /** Only what is stored was asked, not the live database. */
  readonly stored: boolean;
  readonly host: string;
}

const DIFFERING_SHOWN = 20;

/** @returns the event, its tables shortened to numbers and the names of those that differ */
export function eventOfDrill(report: DrillReport, { evidenceDigest, stored, host }: EventTerms): DrillEvent {
  const { drill_id, verdict, reasons, facts_digest, schema_digest, database_clock, rows, hub, stages, versions } =
    report;
  return {
    type: DRILL,
    summary: `${verdict}: ${stored ? "restored from a store" : "restored from the live database"}`,
    detail: {
      ...{ drill_id, verdict, reasons, facts_digest, schema_digest, database_clock, rows, hub, stages, versions },
      ...{ evidence_digest: evidenceDigest, host, target: report.target.kind },
      ...sourceIn(report),
      ...backupIn(report, stored),
      ...tablesIn(report),
    },
  };
}

function sourceIn({ source: { system_identifier, instance_id, database } }: DrillReport) {
  return { system_identifier, instance_id, database };
}

function backupIn({ backup }: DrillReport, stored: boolean) {
  return {
    backup_id: backup?.id ?? null,
    manifest_digest: backup?.manifest_digest ?? null,
    encrypted: backup?.encrypted ?? false,
    restored_from: stored || backup !== null ? "store" : "live",
  };
}

function tablesIn({ tables }: DrillReport) {
  const differing = tables.filter(({ equal }) => !equal).map(({ name }) => name);
  return { tables: tables.length, tables_differing: differing.slice(0, DIFFERING_SHOWN) };
}
