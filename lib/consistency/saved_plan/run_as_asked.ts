// The main job as its flags ask for it: plain, as a plan to be made, or as a plan to be done.
import { checkFleet } from "../check_fleet.ts";
import type { CheckOptions } from "../check_options.ts";
import type { FleetResult } from "../run_ledger.ts";
import type { AskedRun, RunFlags } from "./plan_flags.ts";

export interface RanAsAsked {
  readonly result: FleetResult;
  /** null for a plain run, and where no plan could be made. */
  readonly plan: {
    readonly file: string;
    readonly digest: string;
    /** For people. */
    readonly line: string;
    /** The command that goes on from here; null where the report knows a better one. */
    readonly next: string | null;
  } | null;
}

/** @throws as makePlan, applySavedPlan and checkFleet */
export async function runAsAsked(
  asked: AskedRun,
  { plan: planFile, apply }: Pick<RunFlags, "plan" | "apply">,
  options: CheckOptions,
): Promise<RanAsAsked> {
  if (planFile !== undefined) return made(planFile, options);
  if (asked.plan !== null && apply !== undefined) return applied(asked.plan, apply, options);
  return { result: await checkFleet(options), plan: null };
}

async function made(file: string, options: CheckOptions): Promise<RanAsAsked> {
  const { makePlan } = await import("./make_plan.ts");
  const { result, plan } = await makePlan(options, file);
  if (plan === null) return { result, plan: null };
  const { renderPlan } = await import("./plan_view.ts");
  const { applyCommand } = await import("./plan_commands.ts");
  const next = plan.repos.length === 0 ? null : applyCommand(file);
  return { result, plan: { file, digest: plan.digest, line: renderPlan(plan, file, "made"), next } };
}

async function applied(plan: NonNullable<AskedRun["plan"]>, file: string, options: CheckOptions): Promise<RanAsAsked> {
  const { applySavedPlan } = await import("./apply_saved_plan.ts");
  const { renderPlan, howItEnded } = await import("./plan_view.ts");
  const result = await applySavedPlan(options, plan, file);
  return { result, plan: { file, digest: plan.digest, line: renderPlan(plan, file, howItEnded(result)), next: null } };
}
