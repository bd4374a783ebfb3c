// One repository, one transaction: its rows as they are, the plan, the plan's effect, the findings, and only then the
// fingerprint that lets the next run skip it. All of it or nothing; a run that was killed is repeated by the next.
import type { Transaction } from "../db/handles.ts";
import { applyPlan } from "./apply_plan.ts";
import { repoUnusable } from "./checks/c06_repo_unusable.ts";
import type { Claims } from "./claims.ts";
import { type Finding, toFinding } from "./finding.ts";
import { findInRepo, storeFindings } from "./findings.ts";
import { storeHeldPlan } from "./held_plans.ts";
import { type HubSnapshot, loadHubSnapshot } from "./hub_snapshot.ts";
import { foreignRowIds, isFrozen } from "./match_files.ts";
import { planRepo } from "./plan_repo.ts";
import { workplanCounts } from "./reading_counts.ts";
import type { RepoPlan } from "./repo_plan.ts";
import type { RepoReading } from "./repo_reading.ts";
import type { Actions } from "./report.ts";
import type { PlanWatch } from "./saved_plan/plan_watch.ts";
import type { ScopedRepo } from "./scope.ts";
import { CHECKER, type Sighting } from "./sight.ts";
import type { Correction } from "./sweep/correction.ts";

export interface RepoInput {
  readonly repo: ScopedRepo;
  readonly sighting: Sighting;
  readonly reading: RepoReading;
  readonly claims: Claims;
  readonly order: "forward" | "rewritten";
  /** What a rewritten history no longer contains, when this is the run's second pass: the commit that was applied before both. */
  readonly before?: string | null;
  /** The run may commit corrections to the files: while one is pending, the repository is not done. */
  readonly writesBack: boolean;
  /** Of a run that makes a saved plan or does one: it hands out the ids, and may refuse what is about to be written. */
  readonly watch?: PlanWatch | null;
}

export interface RepoResult {
  readonly actions: Actions;
  /** A row, a base, a conflict or a noted correction changed. */
  readonly wrote: boolean;
  readonly findings: readonly Finding[];
  /** What the files should say and do not yet. */
  readonly corrections: readonly Correction[];
}

/**
 * @returns "raced", with nothing written, when somebody else applied another commit since the scope was loaded: this reading
 * may be older than that one
 * @param tx a transaction of isolation level repeatable read: what changed meanwhile makes it fail, and be repeated
 */
export async function reconcileRepo(tx: Transaction, input: RepoInput): Promise<RepoResult | "raced"> {
  const { repo, reading, claims, order } = input;
  const hub = await loadHubSnapshot(tx, repo.id, foreignRowIds(repo.id, reading, claims));
  const applied = hub.last_source_commit;
  if (applied !== repo.last_source_commit && applied !== reading.commit) return "raced";
  // Only a tip that was fetched counts as evidence that something is gone.
  const fetched = input.sighting.remote !== null;
  const absence = !fetched ? "nothing" : order === "forward" ? "evidence" : "first_sight";
  const mintId = input.watch?.minter(repo.id, reading) ?? (() => Bun.randomUUIDv7());
  const plan = planRepo({ repoId: repo.id, reading, hub, claims, absence, mintId });
  await input.watch?.planned(tx, { repo, reading, hub, plan });
  const findings = [
    ...findInRepo({ slug: repo.slug, hub, plan }, reading),
    ...(order === "rewritten" ? [historyRewritten(input)] : []),
  ];
  await Promise.all([
    applyPlan(tx, plan, hub),
    storeFindings(tx, {
      origin: "repo",
      repoIds: [repo.id],
      findings: findings.map((finding) => ({ repoId: repo.id, ...finding })),
      commit: reading.commit,
    }),
    absence === "evidence" ? storeHeldPlan(tx, repo.id, reading.commit, plan.held) : null,
    repo.default_branch === input.sighting.tip.branch
      ? null
      : tx`update repos set default_branch = ${input.sighting.tip.branch} where id = ${repo.id}`,
    input.writesBack && plan.meant.length > 0 ? noteSent(tx, repo.id) : null,
    !fetched || repo.last_remote_commit === reading.commit
      ? null
      : tx`update repos set last_remote_commit = ${reading.commit} where id = ${repo.id}`,
  ]);
  if (isSettled(plan, findings, input, fetched)) await storePass(tx, input);
  else await tx`delete from repo_passes where repo_id = ${repo.id} and source = ${input.sighting.source}`;
  return { actions: countActions(plan, hub), wrote: isWork(plan), findings, corrections: correctionsOf(plan, hub) };
}

/** Before anything leaves this host: whatever becomes of this run, the value in the file will be known for ours. */
function noteSent(tx: Transaction, repoId: string) {
  return tx`
    update writeback_intents set sent_value = value, sent_at = now()
    where repo_id = ${repoId} and done_at is null and cancelled_at is null`;
}

/**
 * A later commit that left the workplans folder as it was read: the pass counts for it too.
 * @returns false, with nothing written, when somebody else applied another commit or pass meanwhile
 */
export async function acceptSameFiles(
  tx: Transaction,
  { repo, sighting }: Pick<RepoInput, "repo" | "sighting">,
): Promise<boolean> {
  const { commit } = sighting.tip;
  const pass = repo.passes.find(({ source }) => source === sighting.source);
  const last = sighting.remote === null ? repo.last_remote_commit : commit;
  const accepted = await tx`
    with accepted as (
      update repos set last_source_commit = ${commit}, last_remote_commit = ${last}
      where id = ${repo.id} and last_source_commit is not distinct from ${repo.last_source_commit}
        and change_counter = ${repo.change_counter}
        and exists (select from repo_passes p where p.repo_id = repos.id and p.source = ${sighting.source} and p.commit = ${pass?.commit ?? null})
      returning id
    )
    update repo_passes set commit = ${commit}
    where repo_id in (select id from accepted) and source = ${sighting.source} returning repo_id`;
  return accepted.length > 0;
}

function correctionsOf({ meant, createWorkstreams }: RepoPlan, { workstreams }: HubSnapshot): Correction[] {
  const ofWorkstreams = new Set([...createWorkstreams, ...workstreams].map(({ id }) => id));
  return meant.map((intent) => ({ ...intent, kind: ofWorkstreams.has(intent.row_id) ? "workstream" : "task" }));
}

function isWork(plan: RepoPlan): boolean {
  const { createWorkstreams, updateWorkstreams, createTasks, updateTasks, orphanWorkstreams, orphanTasks } = plan;
  const rows = [createWorkstreams, updateWorkstreams, createTasks, updateTasks, orphanWorkstreams, orphanTasks];
  return [...rows, plan.bases, plan.conflicts, plan.settled, plan.intents, plan.endedIntents].some(
    ({ length }) => length > 0,
  );
}

/** Nothing is left that only another look could settle: an error, a held plan, a first sighting, an edit under way. */
function isSettled(plan: RepoPlan, findings: readonly Finding[], input: RepoInput, fetched: boolean): boolean {
  const { reading, sighting, writesBack } = input;
  // What freezes a file may be mended in another repository, without a commit here.
  const frozen = plan.matches.workplans.some(
    ({ id, tasks }) => isFrozen(id) || tasks.some((task) => isFrozen(task.id)),
  );
  const pending = plan.frozen.length > 0 || (writesBack && plan.meant.length > 0);
  // Also after a forced push, which by itself proves nothing: or nobody would look at it a second time.
  const absent = fetched && awaitsOrphaning(plan);
  const waits = frozen || pending || absent || reading.uncommitted.length > 0 || sighting.racy;
  return !waits && !findings.some(({ severity }) => severity === "error");
}

/** Something is absent but not marked yet: it was sighted a moment ago, is held, or an unreadable file might be it. */
function awaitsOrphaning({ matches, orphanWorkstreams, orphanTasks }: RepoPlan): boolean {
  const marked = new Set([...orphanWorkstreams, ...orphanTasks].map(({ id }) => id));
  return [...matches.missing, ...matches.missingTasks].some((row) => row.orphaned_at === null && !marked.has(row.id));
}

/** The counter as this transaction leaves it: a change by anybody else since the snapshot has made it fail already. */
async function storePass(tx: Transaction, { repo, sighting, reading }: RepoInput): Promise<void> {
  await tx`
    insert into repo_passes (repo_id, source, commit, change_counter, checker, work_tree, tree, workplans)
    select id, ${sighting.source}, ${reading.commit}, change_counter, ${CHECKER}, ${sighting.workTree}, ${reading.tree}, ${JSON.stringify(workplanCounts(reading))}::text::jsonb
    from repos where id = ${repo.id}
    on conflict (repo_id, source) do update set commit = excluded.commit, change_counter = excluded.change_counter,
      checker = excluded.checker, work_tree = excluded.work_tree, tree = excluded.tree, workplans = excluded.workplans, full_pass_at = now()`;
}

function countActions(plan: RepoPlan, hub: HubSnapshot): Actions {
  const ended = new Set(plan.endedIntents.map(({ row_id, key }) => `${row_id}|${key}`));
  const pending = new Set([...hub.intents, ...plan.intents].map(({ row_id, key }) => `${row_id}|${key}`));
  const meant = new Set(plan.meant.map(({ row_id, key }) => `${row_id}|${key}`));
  return {
    created: plan.createWorkstreams.length + plan.createTasks.length,
    updated: plan.updateWorkstreams.length + plan.updateTasks.length,
    orphaned: plan.orphanWorkstreams.length + plan.orphanTasks.length,
    written_back: 0,
    pending_writeback: [...pending].filter((key) => meant.has(key) || !ended.has(key)).length,
  };
}

function historyRewritten({ repo, reading, before = repo.last_source_commit }: RepoInput): Finding {
  return toFinding(repoUnusable.id, "warning", repoUnusable.fix, {
    code: "history_rewritten",
    subject: repo.slug,
    message:
      "The branch no longer contains the commit that was applied last; its files were applied, nothing is orphaned",
    observed: reading.commit,
    expected: `a descendant of ${before}`,
    hint: "Nothing to do if the history was rewritten on purpose",
  });
}
