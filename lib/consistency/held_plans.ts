// Removals that the guard refused. A person reads the plan, and releases exactly what was read by quoting its digest.

import { digestOf } from "../canonical.ts";
import type { Reader, Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { OpsFailure, usageFailure } from "../failure.ts";
import type { HeldOrphans } from "./repo_plan.ts";

export interface HeldPlan {
  readonly id: string;
  readonly repo: string;
  readonly digest: string;
  readonly source_commit: string | null;
  readonly created_at: string;
  readonly plan: HeldOrphans;
}

/** Keeps one open plan a repository: the newest. A plan that says the same stays as it is. */
export async function storeHeldPlan(tx: Transaction, repoId: string, commit: string, held: HeldOrphans): Promise<void> {
  const empty = held.workstreams.length + held.tasks.length === 0;
  const digest = digestOf(held);
  const superseded = tx`
    update held_plans set superseded_at = now()
    where repo_id = ${repoId} and applied_at is null and superseded_at is null and (${empty} or digest <> ${digest})`;
  await superseded;
  if (empty) return;
  await tx`
    insert into held_plans (repo_id, digest, plan, source_commit)
    select ${repoId}::uuid, ${digest}, ${JSON.stringify(held)}::text::jsonb, ${commit}
    where not exists (select from held_plans where repo_id = ${repoId} and applied_at is null and superseded_at is null)`;
}

/** The plans that wait for a person, oldest first. */
export async function listHeldPlans(sql: Reader): Promise<HeldPlan[]> {
  const rows = await sql<HeldPlan[]>`
    select h.id, repos.slug as repo, h.digest, h.source_commit, to_json(h.created_at) #>> '{}' as created_at, h.plan
    from held_plans h join repos on repos.id = h.repo_id
    where h.applied_at is null and h.superseded_at is null
    order by h.created_at, h.id`;
  return [...rows];
}

/** @throws OpsFailure (usage) when no plan with this id, or of this repository, is held */
export async function showHeldPlan(sql: Reader, idOrSlug: string): Promise<HeldPlan> {
  const found = (await listHeldPlans(sql)).find((plan) => plan.id === idOrSlug || plan.repo === idOrSlug);
  if (found) return found;
  throw usageFailure("Could not find the held plan", { observed: idOrSlug, hint: "scripts/state_hub.ts held list" });
}

/**
 * Marks what the plan names as orphaned: rows stay, with all their values.
 * @returns how many rows were marked
 * @throws OpsFailure when the digest is another than the one shown, or a file came back meanwhile: read the plan again
 */
export async function applyHeldPlan(
  tx: Transaction,
  idOrSlug: string,
  digest: string,
): Promise<{ plan: HeldPlan; workstreams: number; tasks: number }> {
  const plan = await showHeldPlan(tx, idOrSlug);
  const [locked] =
    await tx`select id from held_plans where id = ${plan.id} and applied_at is null and superseded_at is null for update`;
  if (plan.digest !== digest) {
    throw usageFailure("Could not apply the held plan", {
      observed: "--digest is not the digest of this plan",
      expected: "the one that held show prints, which proves what was read",
      hint: `scripts/state_hub.ts held show ${plan.id}`,
    });
  }
  if (!locked) throw moved("somebody else has applied it", plan);
  const workstreams = plan.plan.workstreams.map(({ id }) => id);
  const tasks = plan.plan.tasks.map(({ id }) => id);
  const [back] = await tx<{ n: number }[]>`
    select (select count(*) from workstreams where missing_since is null and id in (${idsIn(tx, workstreams)}))::int
      + (select count(*) from tasks where missing_since is null and id in (${idsIn(tx, tasks)}))::int as n`;
  if (back?.n) throw moved(`${back.n} of its files or blocks are back`, plan);
  const markedWorkstreams = await tx`
    update workstreams set orphaned_at = now() where orphaned_at is null
      and id in (${idsIn(tx, workstreams)}) returning id`;
  const markedTasks = await tx`
    update tasks set orphaned_at = now() where orphaned_at is null
      and (id in (${idsIn(tx, tasks)})
        or workstream_id in (${idsIn(tx, workstreams)})) returning id`;
  await tx`update held_plans set applied_at = now() where id = ${plan.id}`;
  return { plan, workstreams: markedWorkstreams.length, tasks: markedTasks.length };
}

function moved(observed: string, plan: HeldPlan): OpsFailure {
  return new OpsFailure("Could not apply the held plan", {
    observed,
    expected: "the plan that was shown",
    hint: `scripts/state_hub.ts held show ${plan.id}`,
  });
}
