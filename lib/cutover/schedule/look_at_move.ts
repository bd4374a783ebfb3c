// One look at everything that a move depends on: what the gates judge, and the facts that a plan is held to when it is applied.

import { digestOf } from "../../canonical.ts";
import { OpsFailure } from "../../failure.ts";
import { type CronJobState, cronJobState } from "../../kubernetes/cluster.ts";
import { type Entry, readJournal } from "../../plan/journal.ts";
import type { Facts } from "../../plan/plan.ts";
import { unitState } from "../../systemd/user_units.ts";
import { hubInstance } from "./hub_clock.ts";
import type { Move } from "./move.ts";
import { journalPath } from "./move_files.ts";
import { ownedBy } from "./move_journal.ts";
import { unitsOf } from "./move_terms.ts";
import type { ScheduleStatus } from "./sight.ts";
import { specDigest } from "./spec_digest.ts";
import { lookAtSchedule } from "./status.ts";
import { installedFiles } from "./unit_archive.ts";
import { OLD_TIMER } from "./world.ts";

export interface MoveSight {
  readonly status: ScheduleStatus;
  /** null: the cluster has none. A failure: it could not be asked. */
  readonly cronJob: CronJobState | null | OpsFailure;
  readonly entries: readonly Entry[];
  /** Of the two names that the timer may have here, those that systemd knows. */
  readonly timers: readonly string[];
  readonly facts: Facts;
}

/** Facts that hold from a plan's first step to its last: a move that is resumed must be the same move. */
export const LASTING: ReadonlySet<string> = new Set(["hub", "host", "cluster", "CronJob"]);

/** @throws OpsFailure (automation) when the hub, or the account's systemd, can't be asked */
export async function lookAtMove(move: Pick<Move, "world" | "hub" | "home" | "host" | "grid">): Promise<MoveSight> {
  const { world, home } = move;
  const entries = readJournal(journalPath(home));
  const [status, cronJob, timers] = await Promise.all([
    lookAtSchedule(world, ownedBy(entries)),
    askedFor(world),
    knownTimers(world),
  ]);
  const facts = {
    ...(await placesOf(move)),
    ...cronJobFacts(cronJob),
    ...(await unitFacts(world, timers)),
    owner: status.verdict,
    schedule: move.grid.cron,
    "CronJob's manifest": digestOf(world.cronJobManifest),
  };
  return { status, cronJob, entries, timers, facts };
}

async function askedFor({ cluster, unitName }: Move["world"]): Promise<MoveSight["cronJob"]> {
  try {
    return await cronJobState(cluster, unitName);
  } catch (error) {
    if (error instanceof OpsFailure) return error;
    throw error;
  }
}

async function knownTimers({ units, unitName }: Move["world"]): Promise<string[]> {
  const states = await Promise.all([`${unitName}.timer`, OLD_TIMER].map((timer) => unitState(units, timer)));
  return states.filter(({ load }) => load !== "not-found").map(({ unit }) => unit);
}

async function placesOf({ world, hub, host }: Pick<Move, "world" | "hub" | "host">): Promise<Facts> {
  const { context, namespace } = world.cluster;
  const cluster = `${context ?? "the current context"}, namespace ${namespace}`;
  return { hub: await hubInstance(hub.sql), host, cluster };
}

function cronJobFacts(cronJob: MoveSight["cronJob"]): Facts {
  if (cronJob instanceof OpsFailure) return { CronJob: "could not be asked" };
  if (cronJob === null) return { CronJob: "none" };
  const suspended = cronJob.suspended ? "yes" : "no";
  return { CronJob: cronJob.uid, "CronJob's spec": specDigest(cronJob), "CronJob suspended": suspended };
}

async function unitFacts({ units, installedFolder }: Move["world"], timers: readonly string[]): Promise<Facts> {
  const states = await Promise.all(timers.map((timer) => unitState(units, timer)));
  const each = states.map(({ unit, load, file, active }) => [unit, `${load}, ${file || "no file"}, ${active}`]);
  return { ...Object.fromEntries(each), "installed units": digestOf(installedFiles(installedFolder, unitsOf(timers))) };
}
