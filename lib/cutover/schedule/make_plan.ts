// Works a move out and judges whether it may be made: gates, steps, and the facts that both were read from. Changes nothing.
import { type Plan, type PlannedStep, sealed } from "../../plan/plan.ts";
import type { Step } from "../../plan/run_steps.ts";
import { actNamed } from "./acts.ts";
import { askGates, type GateAnswer } from "./gates/gate.ts";
import { lookAtMove, type MoveSight } from "./look_at_move.ts";
import type { Comparing, Move } from "./move.ts";
import { archivePath } from "./move_files.ts";
import { archiveToRestore } from "./move_journal.ts";
import { takeMoveLock } from "./move_lock.ts";
import { type ActName, kindOf, type MoveTerms } from "./move_terms.ts";
import { readArchive } from "./unit_archive.ts";

export interface AskedMove extends Comparing {
  readonly act: ActName;
  readonly clusterIsGone: boolean;
}

export interface PlannedMove {
  readonly plan: Plan;
  readonly gates: readonly GateAnswer[];
  readonly sight: MoveSight;
}

/** @throws OpsFailure (automation) when the hub, or the account's systemd, can't be asked */
export async function planMove(move: Move, asked: AskedMove): Promise<PlannedMove> {
  const otherMover = await takeMoveLock(move.locks);
  const sight = await lookAtMove(move);
  const [id, madeAt] = [Bun.randomUUIDv7(), new Date().toISOString()];
  const terms = termsFor(move, asked, sight, madeAt);
  const gates = await judge(move, terms, sight, otherMover);
  const { host, operator } = move;
  const steps = plannedSteps(actNamed(asked.act).steps(move, terms, id));
  const made = { kind: kindOf(asked.act), id, made_at: madeAt, host, operator, terms, facts: sight.facts, steps };
  return { plan: sealed(made), gates, sight };
}

export function judge(
  move: Move,
  terms: MoveTerms,
  { status, cronJob, entries }: MoveSight,
  otherMover: string | null,
): Promise<GateAnswer[]> {
  return askGates(actNamed(terms.act).gates, { move, terms, status, cronJob, entries, otherMover });
}

export function plannedSteps(steps: readonly Step[]): PlannedStep[] {
  return steps.map(({ id, says, commands, undo }) => ({ id, says, commands: commands.map((each) => [...each]), undo }));
}

function termsFor(move: Move, asked: AskedMove, sight: MoveSight, madeAt: string): MoveTerms {
  const { act, clusterIsGone, hours, baseline, candidate } = asked;
  return {
    act,
    ...unitTerms(move, act, sight, madeAt),
    cluster_is_gone: clusterIsGone,
    hours,
    baseline,
    candidate,
    run_id: act === "canary" ? Bun.randomUUIDv7() : "",
  };
}

/** Which timers go, and where to; or which come back, and where from. */
function unitTerms(
  { home, world }: Move,
  act: ActName,
  { timers, entries }: MoveSight,
  madeAt: string,
): Pick<MoveTerms, "timers" | "archive"> {
  const own = `${world.unitName}.timer`;
  if (act === "switch") return { timers: timers.join(" "), archive: archivePath(home, madeAt) };
  if (act !== "rollback") return { timers: timers.join(" "), archive: "" };
  const archive = archiveToRestore(entries) ?? "";
  const enabled = archive === "" ? [] : (readArchive(archive)?.enabled ?? []);
  return { timers: (enabled.length > 0 ? enabled : [own]).join(" "), archive };
}
