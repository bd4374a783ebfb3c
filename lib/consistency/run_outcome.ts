// What a script says of a run: the same words, document and exit code, whoever has done the run.
import type { Outcome } from "../cli/define_script.ts";
import { nextCommand } from "./next_command.ts";
import { renderReport } from "./report_view.ts";
import { documentOf } from "./result_document.ts";
import type { FleetResult } from "./run_ledger.ts";
import type { RanAsAsked } from "./saved_plan/run_as_asked.ts";

/**
 * @param repo as it was given; null for all
 * @param flags given as well, for the command that goes on from a dry run
 */
export function runOutcome(
  result: FleetResult,
  plan: RanAsAsked["plan"],
  { repo, flags }: { readonly repo: string | null; readonly flags: readonly string[] },
): Outcome {
  return {
    exitCode: result.report.exit_code,
    document: documentOf(result, plan === null ? null : { file: plan.file, digest: plan.digest }),
    render: (view) => [renderReport(result, view), ...(plan === null ? [] : [plan.line])].join("\n\n"),
    next: plan?.next ?? nextCommand(result, repo, flags),
    degraded: result.remarks,
  };
}
