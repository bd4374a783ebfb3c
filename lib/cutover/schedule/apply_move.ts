// Does what a plan says, from where it was left: everything is looked at again, the plan is held to it, and each step to the world.
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { databaseFailure, errorCode } from "../../db/database_failure.ts";
import { OpsFailure } from "../../failure.ts";
import { addEntry, type Writer } from "../../plan/journal.ts";
import { type MovedFact, movedFacts, type Plan } from "../../plan/plan.ts";
import { type Evidence, runSteps, type StepEvent } from "../../plan/run_steps.ts";
import { actNamed } from "./acts.ts";
import { audit } from "./audit.ts";
import { exitCodeOf, type GateAnswer } from "./gates/gate.ts";
import { LASTING, lookAtMove, type MoveSight } from "./look_at_move.ts";
import { judge, plannedSteps } from "./make_plan.ts";
import type { Move } from "./move.ts";
import { journalPath } from "./move_files.ts";
import { type OpenMove, openMove, stateOf } from "./move_journal.ts";
import { takeMoveLock } from "./move_lock.ts";
import { type MoveTerms, termsOf } from "./move_terms.ts";
import { planCommandOf } from "./own_commands.ts";
import { specDigest } from "./spec_digest.ts";

export type Applied =
  | { readonly came: "done"; readonly resumed: boolean; readonly evidence: Readonly<Record<string, Evidence>> }
  /** Nothing was done: gates, the lock, or facts that are no longer the plan's. */
  | {
      readonly came: "refused";
      /** It is half done. */
      readonly begun: boolean;
      readonly gates: readonly GateAnswer[];
      readonly moved: readonly MovedFact[];
    }
  | { readonly came: "over"; readonly outcome: string }
  | { readonly came: "stuck"; readonly error: OpsFailure };

export interface ApplyOptions {
  /** As it was typed: what resumes it is told with it. */
  readonly file: string;
  readonly on?: (event: StepEvent) => void | Promise<void>;
}

/** @throws the signal's reason when it was asked to stop: at the next step's beginning, or while it waited */
export async function applyMove(move: Move, plan: Plan, { file, on }: ApplyOptions): Promise<Applied> {
  const terms = termsOf(plan);
  const otherMover = await takeMoveLock(move.locks);
  const sight = await lookAtMove(move);
  const state = stateOf(sight.entries, plan.id);
  if (typeof state === "object") return { came: "over", outcome: state.closed };
  const refused = await refusal(move, plan, terms, { sight, otherMover, begun: state === "begun" });
  if (refused !== null) return refused;
  const steps = actNamed(terms.act).steps(move, terms, plan.id);
  if (!isDeepStrictEqual(plannedSteps(steps), plan.steps))
    throw otherSteps(planCommandOf(move.world.cluster, terms.act));
  const journal: Writer = { path: journalPath(move.home), host: move.host, operator: move.operator };
  if (state === "new") open(journal, plan, { ...move.world.cluster, act: terms.act, file }, sight);
  const settle = (acted: Parameters<typeof audit>[1]) =>
    audit({ hub: move.hub, host: move.host, operator: move.operator, act: terms.act, plan: plan.id }, acted);
  try {
    const run = { plan: plan.id, steps, journal, signal: move.signal, settle };
    const evidence = await runSteps(on === undefined ? run : { ...run, on });
    close(journal, plan, terms, sight, evidence);
    return { came: "done", resumed: state === "begun", evidence };
  } catch (error) {
    move.signal.throwIfAborted();
    return { came: "stuck", error: asFailure(error) };
  }
}

interface Found {
  readonly sight: MoveSight;
  readonly otherMover: string | null;
  readonly begun: boolean;
}

/** Of a move that is half done only what it is about must be the same: the rest is what it changes. */
async function refusal(
  move: Move,
  plan: Plan,
  terms: MoveTerms,
  { sight, otherMover, begun }: Found,
): Promise<Applied | null> {
  const lasting = (facts: Plan["facts"]) =>
    Object.fromEntries(Object.entries(facts).filter(([key]) => LASTING.has(key)));
  const moved = begun ? movedFacts(lasting(plan.facts), lasting(sight.facts)) : movedFacts(plan.facts, sight.facts);
  const asked = await judge(move, terms, sight, otherMover);
  const gates = begun ? asked.filter(({ id }) => id === "hub_answers") : asked;
  const locked = otherMover === null ? [] : asked.filter(({ id }) => id === "nobody_else_moving");
  const answers = begun ? [...gates, ...locked] : gates;
  return exitCodeOf(answers) === 0 && moved.length === 0 ? null : { came: "refused", begun, gates: answers, moved };
}

interface Opening extends Pick<OpenMove, "act" | "file"> {
  readonly context: string | null;
  readonly namespace: string;
}

function open(journal: Writer, plan: Plan, { act, file, context, namespace }: Opening, { entries }: MoveSight): void {
  // A move that goes back ends what was half done: its plan can't be resumed any more.
  const before = openMove(entries);
  const superseded = { act: before?.act ?? "", outcome: `superseded by the ${act} ${plan.id}` };
  if (before !== null) addEntry(journal, { plan: before.plan, entry: "closed", detail: superseded });
  // Whoever resumes it may stand in another folder.
  const detail = { act, file: resolve(file), digest: plan.digest, context, namespace };
  addEntry(journal, { plan: plan.id, entry: "opened", detail });
}

function close(
  journal: Writer,
  plan: Plan,
  terms: MoveTerms,
  { cronJob }: MoveSight,
  evidence: Readonly<Record<string, Evidence>>,
): void {
  const { owner } = actNamed(terms.act);
  const canary = {
    ...evidence.prove_canary,
    spec: cronJob === null || cronJob instanceof OpsFailure ? "" : specDigest(cronJob),
  };
  const outcome = terms.act === "canary" ? canary : { outcome: "done", ...(owner === null ? {} : { owner }) };
  addEntry(journal, { plan: plan.id, entry: "closed", detail: { act: terms.act, ...outcome } });
}

function otherSteps(again: string): OpsFailure {
  return new OpsFailure("Could not apply the plan", {
    observed: "its steps are not those that this version of the toolkit would take",
    expected: "a plan of the same version",
    hint: again,
  });
}

/** A bug goes on as it is: it has no code. */
function asFailure(error: unknown): OpsFailure {
  if (!(error instanceof OpsFailure) && errorCode(error) === "") throw error;
  return databaseFailure("Could not go on with the move", error);
}
