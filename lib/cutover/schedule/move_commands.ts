// The bodies of `cutover.ts schedule switch`, `rollback` and `canary`: a plan first, which a person reads, then what it says.
import type { Outcome } from "../../cli/define_script.ts";
import type { OpsFailure } from "../../failure.ts";
import { readPlan, writePlan } from "../../plan/plan_file.ts";
import { actNamed } from "./acts.ts";
import { type Applied, applyMove } from "./apply_move.ts";
import { exitCodeOf, type GateAnswer } from "./gates/gate.ts";
import { type AskedMove, planMove } from "./make_plan.ts";
import type { Move } from "./move.ts";
import { planPath } from "./move_files.ts";
import { type ActName, kindOf, termsOf } from "./move_terms.ts";
import { renderApplied, renderPlan } from "./move_view.ts";
import { applyCommand, forCluster, planCommandOf } from "./own_commands.ts";
import { applyManifests, readLog } from "./remedies.ts";
import { canaryName } from "./steps/create_canary.ts";

const STATUS = "scripts/cutover.ts schedule status";

/** @param file where the plan is kept; a name of its own below STATE_HUB_HOME unless given */
export async function planCommand(move: Move, asked: AskedMove, file: string | null): Promise<Outcome> {
  const { plan, gates } = await planMove(move, asked);
  const exitCode = exitCodeOf(gates);
  const path = file ?? planPath(move.home, asked.act, plan.made_at);
  if (exitCode === 0) writePlan(path, plan);
  const saved = exitCode === 0 ? path : null;
  const { promise } = actNamed(asked.act);
  const { cluster } = move.world;
  const next = saved === null ? remedyOf(gates) : applyCommand(cluster, asked.act, saved);
  return {
    exitCode,
    document: { act: asked.act, promise, plan: saved, gates, ...withoutVersion(plan) },
    render: (view) => renderPlan({ promise, saved, gates, plan, exitCode }, view),
    next: next ?? forCluster(cluster, STATUS),
  };
}

/** Of the gate that decided; null where all passed. */
function remedyOf(gates: readonly GateAnswer[]): string | null {
  const decided = exitCodeOf(gates) === 1 ? "refuse" : "unknown";
  return gates.find(({ verdict }) => verdict === decided)?.remedy ?? null;
}

/** @param acts those that the command may apply: a plan for another one is refused */
export async function applyCommandOf(move: Move, acts: readonly ActName[], file: string): Promise<Outcome> {
  const plan = readPlan(file, acts.map(kindOf), (kind) => {
    const made = acts.find((act) => kindOf(act) === kind);
    return made === undefined ? forCluster(move.world.cluster, STATUS) : planCommandOf(move.world.cluster, made);
  });
  const { act, run_id } = termsOf(plan);
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
    next: nextAfter(move.world, { act, file, applied, runId: run_id }),
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

function canaryOutcome(applied: Extract<Applied, { came: "done" }>): string | null {
  const outcome = applied.evidence.prove_canary?.outcome;
  return typeof outcome === "string" ? outcome : null;
}

interface Applying {
  readonly act: ActName;
  readonly file: string;
  /** Of a canary. */
  readonly runId: string;
  readonly applied: Applied;
}

function nextAfter(world: Move["world"], { act, file, runId, applied }: Applying): string {
  const again = (words: string) => forCluster(world.cluster, `scripts/cutover.ts schedule ${words}`);
  if (applied.came === "stuck") return takesBack(applied.error) ?? applyCommand(world.cluster, act, file);
  // What a gate refuses, it would refuse a new plan as well.
  if (applied.came === "refused")
    return remedyOf(applied.gates) ?? planCommandOf(world.cluster, insteadOf(act, applied.begun));
  if (applied.came === "over") return again("status");
  // Manifests in git say `suspend: true`: applied as they are, they would take the schedule away again.
  if (act === "switch") return applyManifests(world, true);
  if (act !== "canary") return again("status");
  const outcome = canaryOutcome(applied);
  if (outcome === "passed") return again("canary --parallel");
  return outcome === "again" ? again("canary") : readLog(world, canaryName(world, { run_id: runId }));
}

/** A switch that is half done and can't go on stands in the way of a new one: it can only be taken back. */
function insteadOf(act: ActName, begun: boolean): ActName {
  return begun && act === "switch" ? "rollback" : act;
}

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
