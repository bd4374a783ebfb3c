// A gate: one claim that must hold before the schedule moves, how it is looked at, and what to do when it does not hold. What can't
// be looked at is unknown, never a pass.
import { databaseFailure, errorCode } from "../../../db/database_failure.ts";
import { describeFailure, OpsFailure } from "../../../failure.ts";
import type { CronJobState } from "../../../kubernetes/cluster.ts";
import type { Entry } from "../../../plan/journal.ts";
import type { Judgement, Move } from "../move.ts";
import type { MoveTerms } from "../move_terms.ts";
import { forCluster } from "../own_commands.ts";
import type { ScheduleStatus } from "../sight.ts";

/** What was looked at once, for all gates. */
export interface GateScene {
  readonly move: Pick<Move, "world" | "hub" | "activity" | "judges">;
  readonly terms: MoveTerms;
  readonly status: ScheduleStatus;
  /** null: the cluster has none. A failure: it could not be asked. */
  readonly cronJob: CronJobState | null | OpsFailure;
  readonly entries: readonly Entry[];
  /** Who else moves the schedule now; null: nobody. */
  readonly otherMover: string | null;
}

export interface Gate {
  readonly id: string;
  /** The sentence that it proves. */
  readonly claim: string;
  /** A command to type when it does not hold. */
  readonly remedy: string;
  readonly look: (scene: GateScene) => Promise<Judgement> | Judgement;
}

export interface GateAnswer {
  readonly id: string;
  readonly claim: string;
  readonly verdict: Judgement["verdict"];
  readonly says: string;
  /** A command to type; null where it passed. */
  readonly remedy: string | null;
}

/** Every one is looked at, whatever the others say. */
export async function askGates(gates: readonly Gate[], scene: GateScene): Promise<GateAnswer[]> {
  const { cluster } = scene.move.world;
  return Promise.all(
    gates.map(async ({ id, claim, remedy, look }) => {
      const { verdict, says, remedy: own } = await judged(look, scene);
      return { id, claim, verdict, says, remedy: verdict === "pass" ? null : (own ?? forCluster(cluster, remedy)) };
    }),
  );
}

/** 0: all passed; 1: one refused; 2: none refused, and one could not tell. */
export function exitCodeOf(answers: readonly Pick<GateAnswer, "verdict">[]): 0 | 1 | 2 {
  if (answers.some(({ verdict }) => verdict === "refuse")) return 1;
  return answers.some(({ verdict }) => verdict === "unknown") ? 2 : 0;
}

async function judged(look: Gate["look"], scene: GateScene): Promise<Judgement> {
  try {
    return await look(scene);
  } catch (error) {
    // What the database, or the system, refuses has a code, and is an answer that did not come; a bug has none.
    if (!(error instanceof OpsFailure) && errorCode(error) === "") throw error;
    const failure = databaseFailure("Could not ask the hub", error);
    return unknown(describeFailure(failure), failure.hint);
  }
}

export function pass(says: string): Judgement {
  return { verdict: "pass", says };
}

export function refuse(says: string, remedy?: string): Judgement {
  return { verdict: "refuse", says, ...(remedy === undefined ? {} : { remedy }) };
}

export function unknown(says: string, remedy?: string): Judgement {
  return { verdict: "unknown", says, ...(remedy === undefined ? {} : { remedy }) };
}
