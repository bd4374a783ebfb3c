// A cleanup's report for people: which tasks, why they count as stale, and what became of them.
import type { View } from "../cli/define_script.ts";
import type { CleanupReport } from "./cleanup_report.ts";

const SHOWN_TASKS = 40;

export function renderCleanup(report: CleanupReport, view: View): string {
  const { counts, days } = report;
  const since = `unchanged for ${days} ${days === 1 ? "day" : "days"}`;
  if (counts.tasks === 0) return `No task without a file is ${since}: nothing to cancel.`;
  return [tableOf(report, view), view.paint.dim(HINT), closing(report, since, view)].join("\n\n");
}

const HINT =
  "No file stands behind these. A block that comes back brings its task back, with the status that the file says.";

function tableOf({ tasks, counts }: CleanupReport, view: View): string {
  const shown = tasks.slice(0, SHOWN_TASKS);
  const rows = shown.map(({ task, title, workplan_id, repo, status, since, orphaned_at }) => [
    task,
    title,
    `${repo}:${workplan_id}`,
    status,
    since.slice(0, 10),
    orphaned_at.slice(0, 10),
  ]);
  const titles = ["task", "title", "workplan", "status", "unchanged since", "orphaned"];
  const hidden = counts.tasks - shown.length;
  const columns = titles.map((title) => ({ title }));
  return `${view.table(columns, rows)}${hidden > 0 ? `\n${hidden} more` : ""}`;
}

function closing({ applied, counts }: CleanupReport, since: string, { paint }: View): string {
  const said = `${counts.tasks} ${counts.tasks === 1 ? "task" : "tasks"}`;
  const repos = Object.keys(counts.by_repo).length;
  const where = `in ${repos} ${repos === 1 ? "repository" : "repositories"}, ${since}`;
  return applied
    ? `${paint.ok("Cancelled")} ${said} ${where}`
    : `${paint.strong("Preview, nothing was changed:")} would cancel ${said} ${where}`;
}
