// A report for people: first what needs one of them, then what was found and done, repository by repository. The view
// that lays out tables and colours is handed in.

import { printable } from "../cli/printable.ts";
import { renderFindings } from "./findings_view.ts";
import type { WorkplanCounts } from "./reading_counts.ts";
import { type ProcessedRepo, type Report, whoHolds } from "./report.ts";
import type { FleetResult } from "./run_ledger.ts";
import type { TableView } from "./table_view.ts";

const SHOWN_GATES = 5;
const SHOWN_CLEAN = 8;

export function renderReport(result: FleetResult, view: TableView): string {
  const sections = [
    renderHead(result, view),
    renderFindings(result, view),
    renderGates(result, view),
    renderRepos(result, view),
    renderClosing(result, view),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function renderHead({ report, registered, hint }: FleetResult, view: TableView): string {
  const lines = [];
  if (registered?.outcome === "new")
    lines.push(
      `${registered.slug} was not registered: ${report.dry_run ? "a real run would register" : "registered"} ${printable(registered.path)}`,
    );
  else if (registered)
    lines.push(
      `${registered.slug}: ${report.dry_run ? "a real run would add" : "added"} its checkout ${printable(registered.path)}`,
    );
  if (report.dry_run)
    lines.push(
      view.paint.strong("Dry run: everything below was worked out and then rolled back; nothing was written."),
    );
  if (report.lock_skipped && report.automation_error === null) {
    const { lock_holder: holder } = report;
    const who = `${whoHolds(holder)}${holder === null ? "" : `, since ${holder.since}`}`;
    lines.push(
      view.paint.warning(`Lock skipped: ${printable(who)} is at it; nothing was done here, and nothing is lost.`),
    );
  }
  if (report.automation_error) {
    const { message, repo } = report.automation_error;
    lines.push(view.paint.error(`C-00 automation_error${repo === null ? "" : ` in ${repo}`}: ${printable(message)}`));
    if (hint !== null) lines.push(printable(hint));
  }
  return lines.join("\n");
}

function renderGates({ humanGates }: FleetResult, view: TableView): string {
  if (humanGates.length === 0) return "";
  const rows = humanGates.slice(0, SHOWN_GATES).map((gate) => [gate.task_id, gate.title, gate.intervention_note ?? ""]);
  const rest = humanGates.length > SHOWN_GATES ? `\n${humanGates.length - SHOWN_GATES} more` : "";
  return `${view.paint.strong("Tasks that wait for a person")}\n${view.table([{ title: "task" }, { title: "title" }, { title: "what for" }], rows)}${rest}`;
}

function renderRepos(result: FleetResult, view: TableView): string {
  const { report, cleanCounts } = result;
  const clean = report.skipped_clean
    .slice(0, SHOWN_CLEAN)
    .map((slug) => [slug, "", ...countCells(cleanCounts.get(slug)), "", "unchanged"]);
  const missing = report.skipped_missing.map((slug) => [
    slug,
    "",
    ...countCells(undefined),
    "",
    view.paint.warning(result.isRemote ? "its remote could not be read" : "no checkout on this host"),
  ]);
  const unreached = report.skipped_budget
    .slice(0, SHOWN_CLEAN)
    .map((slug) => [slug, "", ...countCells(undefined), "", view.paint.warning("not reached; first next time")]);
  const processed = report.repos_processed.map((repo) => processedRow(repo, report, view));
  const rows = [...processed, ...missing, ...unreached, ...clean];
  if (rows.length === 0) return "";
  const titles = [
    { title: "repository" },
    { title: "head" },
    { title: "workplans" },
    { title: "parsed", align: "right" as const },
    { title: "failed", align: "right" as const },
    { title: "tasks", align: "right" as const },
    { title: report.dry_run ? "would be done" : "done" },
  ];
  const hidden = [
    more(report.skipped_clean.length - clean.length, "unchanged"),
    more(report.skipped_budget.length - unreached.length, "not reached"),
  ].join("");
  return `${view.paint.strong("Repositories")}\n${view.table(titles, rows)}${hidden}`;
}

function more(hidden: number, what: string): string {
  return hidden > 0 ? `\n${hidden} more ${what}` : "";
}

function countCells(counts: WorkplanCounts | undefined): string[] {
  return counts ? [`${counts.found} found`, String(counts.parsed), String(counts.failed)] : ["", "", ""];
}

function processedRow(repo: ProcessedRepo, report: Report, view: TableView): string[] {
  const { actions, workplans, tasks } = repo;
  if (repo.head === null) return [repo.slug, "", "", "", "", "", view.paint.error("could not be read")];
  const done = [
    actions.created > 0 && `${actions.created} created`,
    actions.updated > 0 && `${actions.updated} updated`,
    actions.orphaned > 0 && `${actions.orphaned} orphaned`,
    actions.written_back > 0 && `${actions.written_back} written back`,
    actions.pending_writeback > 0 && `${actions.pending_writeback} to write back`,
  ].filter(Boolean);
  const ignored = workplans.ignored > 0 ? `, ${workplans.ignored} ignored` : "";
  return [
    repo.slug,
    repo.head.slice(0, 10),
    `${workplans.found} found${ignored}`,
    String(workplans.parsed),
    String(workplans.failed),
    tasks.failed > 0 ? `${tasks.found} (${tasks.failed} failed)` : String(tasks.found),
    done.join(", ") || (report.dry_run ? "nothing" : "nothing to do"),
  ];
}

function renderClosing({ report }: FleetResult, view: TableView): string {
  const sum = (pick: (repo: ProcessedRepo) => number) =>
    report.repos_processed.reduce((total, repo) => total + pick(repo), 0);
  const open = report.assessment_failures.some(({ severity }) => severity === "error");
  const verdict = report.automation_error
    ? view.paint.error("not done")
    : report.lock_skipped
      ? view.paint.warning("lock skipped")
      : open
        ? view.paint.error("done, with open errors")
        : view.paint.ok("done");
  const counts = `${report.repos_total} ${report.repos_total === 1 ? "repository" : "repositories"}: ${report.repos_processed.length} processed, ${report.skipped_clean.length} unchanged, ${report.skipped_missing.length} missing${report.skipped_budget.length > 0 ? `, ${report.skipped_budget.length} not reached` : ""}`;
  const [created, updated] = [sum(({ actions }) => actions.created), sum(({ actions }) => actions.updated)];
  const would = report.dry_run ? "would be " : "";
  const written = sum(({ actions }) => actions.written_back);
  const back = written > 0 ? `, ${written} ${written === 1 ? "value" : "values"} written back` : "";
  const rows = `${created} ${created === 1 ? "row" : "rows"} ${would}created, ${updated} ${would}updated${back}`;
  return `${verdict}: ${counts}; ${rows}; ${(report.duration_ms / 1000).toFixed(2)} s`;
}
