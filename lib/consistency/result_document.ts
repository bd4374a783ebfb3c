// A run's result as a JSON document: what --json prints, and what a hub keeps and answers, in one place so that they are
// the same.
import { SCHEMA_VERSION } from "../cli/schema_version.ts";
import type { FleetResult } from "./run_ledger.ts";

/** The plan that a run made or did, as the document names it. */
export interface NamedPlan {
  readonly file: string;
  readonly digest: string;
}

/** What the report for people shows beyond the document. */
export interface Rendering {
  readonly clean_counts: Readonly<Record<string, unknown>>;
  readonly hint: string | null;
}

/** A result as it is kept and sent: plain JSON. */
export interface KeptResult {
  readonly document: Readonly<Record<string, unknown>>;
  readonly rendering: Rendering;
}

export function documentOf(result: FleetResult, plan: NamedPlan | null): Readonly<Record<string, unknown>> {
  return {
    schema_version: SCHEMA_VERSION,
    ...result.report,
    plan,
    remarks: result.remarks,
    human_gates: result.humanGates,
    waived: result.waived,
  };
}

export function keptResult(result: FleetResult): KeptResult {
  const { cleanCounts, hint } = result;
  return { document: documentOf(result, null), rendering: { clean_counts: Object.fromEntries(cleanCounts), hint } };
}
