// Repositories, held plans and waivers, for people.
import { printable } from "../cli/printable.ts";
import type { HeldPlan } from "./held_plans.ts";
import type { AddedRepo, ListedRepo } from "./repo_registry.ts";
import type { TableView } from "./table_view.ts";
import type { Waiver } from "./waivers.ts";

const OUTCOMES: Readonly<Record<AddedRepo["outcome"], string>> = {
  new: "registered",
  checkout: "known already; this checkout was added",
  known: "known already; nothing changed",
  changed: "known already; brought up to date",
  back: "registered again, with all its rows",
};

export function renderAdded(added: readonly AddedRepo[]): string {
  return added.map(({ slug, path, outcome }) => `${slug}: ${OUTCOMES[outcome]} (${printable(path)})`).join("\n");
}

export function renderRepoList(repos: readonly ListedRepo[], view: TableView): string {
  if (repos.length === 0) return "No repository is registered.";
  const rows = repos.map((repo) => [
    repo.slug,
    repo.domain ?? "",
    repo.checkouts.map(({ host, path }) => `${host}:${path}`).join("\n"),
    repo.workstreams,
    repo.tasks,
    repo.missing_since === null
      ? (repo.last_source_commit?.slice(0, 10) ?? "never read")
      : view.paint.warning(`missing since ${repo.missing_since}`),
  ]);
  const columns = [
    { title: "slug" },
    { title: "domain" },
    { title: "checkouts" },
    { title: "workplans", align: "right" as const },
    { title: "tasks", align: "right" as const },
    { title: "read at" },
  ];
  return view.table(columns, rows);
}

export function renderHeldList(plans: readonly HeldPlan[], view: TableView): string {
  if (plans.length === 0) return "No plan is held.";
  const rows = plans.map(({ id, repo, created_at, plan }) => [
    id,
    repo,
    plan.workstreams.length,
    plan.tasks.length,
    created_at,
  ]);
  return view.table(
    [
      { title: "plan" },
      { title: "repository" },
      { title: "workplans", align: "right" },
      { title: "tasks", align: "right" },
      { title: "since" },
    ],
    rows,
  );
}

export function renderHeldPlan(
  { id, repo, digest, source_commit, created_at, plan }: HeldPlan,
  view: TableView,
): string {
  const rows = [
    ...plan.workstreams.map(({ workplan_id, path }) => ["workplan", workplan_id, path]),
    ...plan.tasks.map(({ task_id, workplan_id }) => ["task", task_id, `of ${workplan_id}`]),
  ];
  const head = `Plan ${id} of ${repo}, since ${created_at}, at commit ${source_commit ?? "unknown"}\nTheir files or blocks are gone; applying marks these rows, and every task of these workplans, as orphaned and deletes nothing:`;
  return `${head}\n\n${view.table([{ title: "row" }, { title: "id" }, { title: "where it was" }], rows)}\n\ndigest ${digest}`;
}

export function renderWaivers(waivers: readonly Waiver[], view: TableView): string {
  if (waivers.length === 0) return "No waiver.";
  const rows = waivers.map((waiver) => [
    waiver.id,
    waiver.check,
    [waiver.repo ?? "any repository", waiver.path, waiver.subject].filter(Boolean).join(" "),
    waiver.covers,
    waiver.owner,
    waiver.reason,
    waiver.state === "active" ? waiver.expires_at.slice(0, 10) : view.paint.warning(waiver.state),
  ]);
  const columns = [
    { title: "waiver" },
    { title: "check" },
    { title: "scope" },
    { title: "covers", align: "right" as const },
    { title: "owner" },
    { title: "reason" },
    { title: "until" },
  ];
  return view.table(columns, rows);
}
