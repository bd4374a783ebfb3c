// The moves there are: for each, what it promises, the gates it must pass, and its steps. Adding a gate or a step to a move is one
// line here.
import type { Step } from "../../plan/run_steps.ts";
import { canaryPassed } from "./gates/canary_passed.ts";
import { clusterCanBeTold } from "./gates/cluster_can_be_told.ts";
import { comparisonReady } from "./gates/comparison_ready.ts";
import { cronJobAsRendered } from "./gates/cronjob_as_rendered.ts";
import { definitionsAgree } from "./gates/definitions_agree.ts";
import type { Gate } from "./gates/gate.ts";
import { hubAnswers } from "./gates/hub_answers.ts";
import { noForeignSchedule } from "./gates/no_foreign_schedule.ts";
import { nobodyElseMoving } from "./gates/nobody_else_moving.ts";
import { oneOwner } from "./gates/one_owner.ts";
import { unitAsShipped } from "./gates/unit_as_shipped.ts";
import { unitsCanComeBack } from "./gates/units_can_come_back.ts";
import type { Move } from "./move.ts";
import type { ActName, MoveTerms } from "./move_terms.ts";
import { forCluster } from "./own_commands.ts";
import { copyUnitsToArchive } from "./steps/copy_units_to_archive.ts";
import { createCanary } from "./steps/create_canary.ts";
import { disableTimer } from "./steps/disable_timer.ts";
import { enableTimer } from "./steps/enable_timer.ts";
import { proveCanary } from "./steps/prove_canary.ts";
import { proveFirstRun } from "./steps/prove_first_run.ts";
import { proveOneOwner } from "./steps/prove_one_owner.ts";
import { removeUnits } from "./steps/remove_units.ts";
import { restoreUnits } from "./steps/restore_units.ts";
import { suspendCronJob } from "./steps/suspend_cronjob.ts";
import { unsuspendCronJob } from "./steps/unsuspend_cronjob.ts";
import { waitForSweep } from "./steps/wait_for_sweep.ts";

export interface Act {
  readonly name: ActName;
  /** What comes of it, for people. */
  readonly promise: string;
  /** Who owns the schedule when it is done; null: as before. */
  readonly owner: "timer" | "cronjob" | null;
  readonly gates: readonly Gate[];
  readonly steps: (move: Move, terms: MoveTerms, plan: string) => Step[];
}

const GO_BACK = "scripts/cutover.ts schedule rollback";
const LOOK = "scripts/cutover.ts schedule status";

/** What must hold before the CronJob fires by its schedule, beside the timer or in its stead. */
const CRONJOB_MAY_FIRE = [
  hubAnswers,
  nobodyElseMoving,
  oneOwner,
  noForeignSchedule,
  definitionsAgree,
  unitAsShipped,
  cronJobAsRendered,
  canaryPassed,
];

export const ACTS: readonly Act[] = [
  {
    name: "switch",
    promise: "The CronJob takes the schedule over from the timer",
    owner: "cronjob",
    gates: [...CRONJOB_MAY_FIRE, comparisonReady],
    steps: (move, terms, plan) => [
      { ...suspendCronJob(move), holdsUntil: "unsuspend_cronjob" },
      copyUnitsToArchive(move, terms),
      disableTimer(move, terms),
      waitForSweep(move, terms, "unsuspend_cronjob"),
      removeUnits(move, terms),
      unsuspendCronJob(move, { parallel: false }),
      proveOneOwner(move, "cronjob"),
      proveFirstRun(move, {
        plan,
        source: "k8s-cronjob",
        after: "unsuspend_cronjob",
        startsWithinSeconds: startingDeadline(move),
        otherwise: forCluster(move.world.cluster, GO_BACK),
      }),
    ],
  },
  {
    name: "rollback",
    promise: "The timer has the schedule back, and the CronJob is suspended",
    owner: "timer",
    gates: [hubAnswers, nobodyElseMoving, oneOwner, noForeignSchedule, clusterCanBeTold, unitsCanComeBack],
    steps: (move, terms, plan) => [
      ...(terms.cluster_is_gone ? [] : [suspendCronJob(move)]),
      waitForSweep(move, terms, "enable_timer"),
      restoreUnits(move, terms),
      enableTimer(move, terms),
      ...(terms.cluster_is_gone ? [] : [proveOneOwner(move, "timer")]),
      proveFirstRun(move, {
        plan,
        source: "local-timer",
        after: "enable_timer",
        startsWithinSeconds: startingDeadline(move),
        otherwise: forCluster(move.world.cluster, LOOK),
      }),
    ],
  },
  {
    name: "canary",
    promise: "The CronJob's own template has run once, as a person's Job",
    owner: null,
    gates: [hubAnswers, nobodyElseMoving, cronJobAsRendered],
    steps: (move, terms) => [createCanary(move, terms), proveCanary(move, terms)],
  },
  {
    name: "parallel",
    promise: "The CronJob runs beside the timer, so that both can be compared",
    owner: null,
    gates: CRONJOB_MAY_FIRE,
    steps: (move) => [unsuspendCronJob(move, { parallel: true }), proveOneOwner(move, "parallel")],
  },
  {
    name: "end-parallel",
    promise: "The timer runs alone again",
    owner: null,
    gates: [hubAnswers, nobodyElseMoving, oneOwner],
    steps: (move) => [suspendCronJob(move), proveOneOwner(move, "timer")],
  },
];

export function actNamed(name: ActName): Act {
  const found = ACTS.find((act) => act.name === name);
  if (found === undefined) throw new Error(`no move is called ${name}`);
  return found;
}

/** How late a scheduled run may begin, by the CronJob's manifest. */
function startingDeadline({ world }: Pick<Move, "world">): number {
  const spec = world.cronJobManifest.spec as { readonly startingDeadlineSeconds?: number } | undefined;
  return spec?.startingDeadlineSeconds ?? 120;
}
