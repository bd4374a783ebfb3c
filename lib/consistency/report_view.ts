// A report for people: first what needs one of them, then what was found and done, repository by repository. The view
// that lays out tables and colours is handed in.

import { CHECKS } from "./checks.ts";
import type { OpenFinding } from "./findings.ts";
import type { WorkplanCounts } from "./reading_counts.ts";
import type { ProcessedRepo, Report } from "./report.ts";
import type { FleetResult } from "./run_ledger.ts";

/** The part of a terminal view that is needed here. */
export interface TableView {
  readonly paint: Record<"error" | "warning" | "ok" | "dim" | "strong" | "command", (text: string) => string>;
  table(
    columns: readonly { title: string; align?: "left" | "right" }[],
    rows: readonly (readonly (string | number)[])[],
  ): string;
}

const SHOWN_FINDINGS = 25;
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

/** The one command that is safe to type next. @param repo as it was given; null for all */
export function nextCommand({ report, hint }: FleetResult, repo: string | null): string {
  if (report.automation_error) return hint ?? "scripts/state_hub.ts status";
  if (report.dry_run)
    return repo === null ? "scripts/consistency_check.ts --all" : `scripts/consistency_check.ts --repo ${repo}`;
  const first = report.assessment_failures.find(({ subject }) => subject !== null);
  return first?.subject ? `scripts/state_hub.ts explain ${first.subject}` : "scripts/state_hub.ts status";
}

function renderHead({ report, registered }: FleetResult, view: TableView): string {
  const lines = [];
  if (registered?.outcome === "new")
    lines.push(
      `${registered.slug} was not registered: ${report.dry_run ? "a real run would register" : "registered"} ${registered.path}`,
    );
  else if (registered)
    lines.push(
      `${registered.slug}: ${report.dry_run ? "a real run would add" : "added"} its checkout ${registered.path}`,
    );
  if (report.dry_run)
    lines.push(
      view.paint.strong("Dry run: everything below was worked out and then rolled back; nothing was written."),
    );
  if (report.automation_error) {
    const { message, repo } = report.automation_error;
    lines.push(view.paint.error(`C-00 automation_error${repo === null ? "" : ` in ${repo}`}: ${message}`));
  }
  return lines.join("\n");
}

function renderFindings({ report, waived }: FleetResult, view: TableView): string {
  const open = report.assessment_failures.filter(({ severity }) => severity !== "info");
  if (open.length === 0)
    return report.repos_total === 0
      ? ""
      : `${view.paint.ok("Nothing needs a person")}${waived > 0 ? `: ${waived} findings are waived` : ""}.`;
  const total = Object.entries(report.assessment_totals)
    .filter(([check]) => !isInfo(check))
    .reduce((sum, [, n]) => sum + n, 0);
  const rows = open
    .slice(0, SHOWN_FINDINGS)
    .map((finding) => [severityText(finding, view), placeText(finding), whatText(finding), finding.hint ?? ""]);
  const rest = total - rows.length;
  const title = view.paint.strong(
    `Needs a person: ${total} open ${total === 1 ? "finding" : "findings"}${waived > 0 ? `, ${waived} more waived` : ""}`,
  );
  const more = rest > 0 ? `\n${rest} more: --json lists up to 200, with totals by check` : "";
  return `${title}\n${view.table([{ title: "check" }, { title: "where" }, { title: "what" }, { title: "what to do" }], rows)}${more}`;
}

function isInfo(check: string): boolean {
  return CHECKS.find(({ id }) => id === check)?.severity === "info";
}

function severityText({ check, severity }: OpenFinding, view: TableView): string {
  return severity === "error" ? view.paint.error(`${check} error`) : view.paint.warning(`${check} warning`);
}

function placeText({ repo, path, line, column }: OpenFinding): string {
  const place = path === null ? "" : `:${path}${line === null ? "" : `:${line}:${column ?? 1}`}`;
  return `${repo}${place}`;
}

function whatText({ subject, message, observed, expected }: OpenFinding): string {
  const against = [observed === null ? "" : `found ${observed}`, expected === null ? "" : `wanted ${expected}`]
    .filter(Boolean)
    .join(", ");
  return `${subject === null ? "" : `${subject}: `}${message}${against === "" ? "" : ` (${against})`}`;
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
    view.paint.warning("no checkout on this host"),
  ]);
  const rows = [...report.repos_processed.map((repo) => processedRow(repo, report, view)), ...missing, ...clean];
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
  const hidden = report.skipped_clean.length - clean.length;
  return `${view.paint.strong("Repositories")}\n${view.table(titles, rows)}${hidden > 0 ? `\n${hidden} more unchanged` : ""}`;
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
    : open
      ? view.paint.error("done, with open errors")
      : view.paint.ok("done");
  const counts = `${report.repos_total} ${report.repos_total === 1 ? "repository" : "repositories"}: ${report.repos_processed.length} processed, ${report.skipped_clean.length} unchanged, ${report.skipped_missing.length} missing`;
  const rows = `${sum(({ actions }) => actions.created)} rows created, ${sum(({ actions }) => actions.updated)} updated`;
  return `${verdict}: ${counts}; ${rows}; ${(report.duration_ms / 1000).toFixed(2)} s`;
}
