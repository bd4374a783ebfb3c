// What a person is told about a plan under the report of its run: where it is, what it is known by, and what comes next.
import { printable } from "../../cli/printable.ts";
import type { FleetResult } from "../run_ledger.ts";
import type { SavedPlan } from "./plan_document.ts";
import { countRows } from "./planned_rows.ts";

const SHORT = 12;

/** @param how the run ended: a plan that was only made is neither applied nor refused */
export function renderPlan(plan: SavedPlan, file: string, how: "made" | "applied" | "in part" | "refused"): string {
  const { repos, digest } = plan;
  const rows = repos.reduce((sum, entry) => sum + countRows(entry.rows), 0);
  const edits = repos.reduce((sum, entry) => sum + entry.edits.length, 0);
  const counts = [
    counted(repos.length, "repository", "repositories"),
    counted(rows, "row", "rows"),
    counted(edits, "file to publish", "files to publish"),
  ].join(", ");
  const said = { made: "", applied: "; applied", "in part": "; applied in part", refused: "; not applied" }[how];
  return `Plan: ${printable(file)}, digest ${digest.slice(0, SHORT)}: ${counts}${said}`;
}

/** A repository without a head was refused, or never begun. */
export function howItEnded({ report }: FleetResult): "applied" | "in part" | "refused" {
  if (report.automation_error === null) return "applied";
  return report.repos_processed.some(({ head }) => head !== null) ? "in part" : "refused";
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
