// The bodies of `cutover.ts schedule switch`, `rollback` and `canary`: a plan first, which a person reads, then what it says.
import type { Outcome } from "../../cli/define_script.ts";
import type { OpsFailure } from "../../failure.ts";
import { readPlan, writePlan } from "../../plan/plan_file.ts";
import { actNamed } from "./acts.ts";
import { type Applied, applyMove } from "./apply_move.ts";
import { exitCodeOf } from "./gates/gate.ts";
import { applyCommand } from "./gates/nobody_else_moving.ts";
import { type AskedMove, planMove } from "./make_plan.ts";
import type { Move } from "./move.ts";
import { planPath } from "./move_files.ts";
import { type ActName, kindOf, termsOf } from "./move_terms.ts";
import { renderApplied, renderPlan } from "./move_view.ts";

/** Manifests in git say `suspend: true`: applied as they are, they would take the schedule away again. */
export const APPLY_FROM_NOW_ON = "kubectl apply -k k8s/apps-after-switch";

/** @param file where the plan is kept; a name of its own below STATE_HUB_HOME unless given */
export async function planCommand(move: Move, asked: AskedMove, file: string | null): Promise<Outcome> {
  const { plan, gates } = await planMove(move, asked);
  const exitCode = exitCodeOf(gates);
  const path = file ?? planPath(move.home, asked.act, plan.made_at);
  if (exitCode === 0) writePlan(path, plan);
  const saved = exitCode === 0 ? path : null;
  const { promise } = actNamed(asked.act);
  const remedy = gates.find(({ verdict }) => verdict === (exitCode === 1 ? "refuse" : "unknown"))?.remedy;
  const next = saved === null ? (remedy ?? "scripts/cutover.ts schedule status") : applyCommand(asked.act, saved);
  return {
    exitCode,
    document: { act: asked.act, promise, plan: saved, gates, ...withoutVersion(plan) },
    render: (view) => renderPlan({ promise, saved, gates, plan, exitCode }, view),
    next,
  };
}

/** @param acts those that the command may apply: a plan for another one is refused */
export async function applyCommandOf(move: Move, acts: readonly ActName[], file: string): Promise<Outcome> {
  const plan = readPlan(file, acts.map(kindOf));
  const { act } = termsOf(plan);
  const applied = await applyMove(move, plan, {
    file,
    on: ({ at, step }) => {
      if (at === "begun" || at === "done") move.progress(`${step}: ${at === "begun" ? "begins" : "done"}`);
    },
  });
  return {
    exitCode: exitCodeAfter(applied),
    document: { act, plan: file, ...documentOf(applied) },
    render: (view) => renderApplied({ act, plan, applied }, view),
    next: nextAfter(act, file, applied),
  };
}

/** A canary that was done may still have failed: that is what it is for. */
function exitCodeAfter(applied: Applied): 0 | 1 | 2 {
  if (applied.came === "stuck") return 2;
  if (applied.came === "over") return 1;
  if (applied.came === "refused") return exitCodeOf(applied.gates) === 2 && applied.moved.length === 0 ? 2 : 1;
  const outcome = canaryOutcome(applied);
  return outcome === "passed" || outcome === null ? 0 : outcome === "failed" ? 1 : 2;
}

export function canaryOutcome(applied: Extract<Applied, { came: "done" }>): string | null {
  const outcome = applied.evidence.prove_canary?.outcome;
  return typeof outcome === "string" ? outcome : null;
}

function nextAfter(act: ActName, file: string, applied: Applied): string {
  if (applied.came === "stuck") return takesBack(applied.error) ?? applyCommand(act, file);
  if (applied.came === "refused") {
    if (applied.moved.length > 0) return `scripts/cutover.ts schedule ${PLAN_WORDS[act]}`;
    return applied.gates.find(({ remedy }) => remedy !== null)?.remedy ?? "scripts/cutover.ts schedule status";
  }
  if (applied.came === "over") return "scripts/cutover.ts schedule status";
  if (act === "switch") return APPLY_FROM_NOW_ON;
  if (act === "canary" && canaryOutcome(applied) !== "passed") return "scripts/cutover.ts schedule canary";
  return act === "canary" ? "scripts/cutover.ts schedule canary --parallel" : "scripts/cutover.ts schedule status";
}

/** What makes such a plan anew. */
const PLAN_WORDS: Readonly<Record<ActName, string>> = {
  switch: "switch",
  rollback: "rollback",
  canary: "canary",
  parallel: "canary --parallel",
  "end-parallel": "canary --parallel --end",
};

/** Where the way on is back, the failure itself says so. */
function takesBack({ hint }: OpsFailure): string | null {
  return hint?.startsWith("scripts/cutover.ts ") ? hint : null;
}

function documentOf(applied: Applied): Readonly<Record<string, unknown>> {
  if (applied.came !== "stuck") return { ...applied };
  const { message, observed, expected, where, hint } = applied.error;
  return { came: "stuck", error: { message, observed, expected, where, hint } };
}

function withoutVersion({
  schema_version: _,
  terms,
  facts,
  steps,
  digest,
  id,
  made_at,
}: Awaited<ReturnType<typeof planMove>>["plan"]) {
  return { id, made_at, terms, facts, steps, digest };
}
