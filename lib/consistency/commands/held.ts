// The bodies of `state_hub.ts held ...`: what they do, show, and say to type next.
import type { Outcome } from "../../cli/define_script.ts";
import type { Database } from "../../db/connect.ts";
import { applyHeldPlan, listHeldPlans, showHeldPlan } from "../held_plans.ts";
import { renderHeldList, renderHeldPlan } from "../registry_view.ts";

export async function heldList({ sql }: Database): Promise<Outcome> {
  const plans = await listHeldPlans(sql);
  return {
    exitCode: 0,
    document: { plans },
    render: (view) => renderHeldList(plans, view),
    next: plans[0] ? `scripts/state_hub.ts held show ${plans[0].id}` : "scripts/state_hub.ts status",
  };
}

/** @throws OpsFailure (usage) when no such plan is held */
export async function heldShow({ sql }: Database, idOrSlug: string): Promise<Outcome> {
  const plan = await showHeldPlan(sql, idOrSlug);
  return {
    exitCode: 0,
    document: { plan },
    render: (view) => renderHeldPlan(plan, view),
    next: `scripts/state_hub.ts held apply ${plan.id} --digest ${plan.digest} --dry-run`,
  };
}

/** @throws OpsFailure as applyHeldPlan */
export async function heldApply(
  database: Database,
  { idOrSlug, digest, dryRun }: { idOrSlug: string; digest: string; dryRun: boolean },
): Promise<Outcome> {
  const { plan, workstreams, tasks } = await database.transaction((tx) => applyHeldPlan(tx, idOrSlug, digest), {
    rollBack: dryRun,
  });
  const said = `${dryRun ? "Would mark" : "Marked"} ${workstreams} workstreams and ${tasks} tasks of ${plan.repo} as orphaned`;
  return {
    exitCode: 0,
    document: { dry_run: dryRun, plan: plan.id, workstreams, tasks },
    render: () => said,
    next: dryRun ? `scripts/state_hub.ts held apply ${plan.id} --digest ${digest}` : "scripts/state_hub.ts held list",
  };
}
