// Everything that is asked to tell who owns a schedule, asked once and side by side. What could not be asked is kept as that,
// so that whoever judges it cannot take it for "not there".
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { type CronJobState, cronJobState } from "../../kubernetes/cluster.ts";
import { type KubectlVersion, kubectlVersion } from "../../kubernetes/kubectl_version.ts";
import { crontabLines } from "../../systemd/crontab.ts";
import { lingers } from "../../systemd/linger.ts";
import { type UnitState, unitState } from "../../systemd/user_units.ts";
import { OLD_TIMER, type ScheduleWorld } from "./world.ts";

export type Answer<T> = { readonly said: T } | { readonly failed: OpsFailure };

export interface SeenUnit {
  readonly state: UnitState;
  /** What stands where the manager reads it from; null: no such file. */
  readonly text: string | null;
  /** What the toolkit ships under its name; null: nothing. */
  readonly shipped: string | null;
  /** Drop-ins on disk and as the manager knows them. */
  readonly dropIns: readonly string[];
}

export interface Seen {
  readonly timer: Answer<SeenUnit>;
  readonly service: Answer<SeenUnit>;
  readonly oldTimer: Answer<SeenUnit>;
  readonly cron: Answer<readonly string[]>;
  readonly cronJob: Answer<CronJobState | null>;
  readonly kubectl: Answer<KubectlVersion>;
  /** null: it cannot be asked here. */
  readonly lingers: boolean | null;
}

/** @throws only what is no OpsFailure, such as the reason of a signal */
export async function lookAround(world: ScheduleWorld): Promise<Seen> {
  const [timer, service, oldTimer, cron, cronJob, kubectl, lingering] = await Promise.all([
    answerOf(() => seenUnit(world, `${world.unitName}.timer`)),
    answerOf(() => seenUnit(world, `${world.unitName}.service`)),
    answerOf(() => seenUnit(world, OLD_TIMER)),
    answerOf(() => crontabLines(world.units)),
    answerOf(() => cronJobState(world.cluster, world.unitName)),
    answerOf(() => kubectlVersion(world.cluster)),
    lingers(world.units, userInfo().uid),
  ]);
  return { timer, service, oldTimer, cron, cronJob, kubectl, lingers: lingering };
}

/** null: it could not be asked. */
export function saidBy<T>(answer: Answer<T>): T | null {
  return "said" in answer ? answer.said : null;
}

async function answerOf<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { said: await ask() };
  } catch (error) {
    if (error instanceof OpsFailure) return { failed: error };
    throw error;
  }
}

async function seenUnit({ units, unitFolder, installedFolder }: ScheduleWorld, unit: string): Promise<SeenUnit> {
  const state = await unitState(units, unit);
  return {
    state,
    text: state.fragment === null ? null : textOf(state.fragment),
    shipped: textOf(join(unitFolder, unit)),
    dropIns: [...new Set([...state.dropIns, ...dropInsIn(join(installedFolder, `${unit}.d`))])],
  };
}

// One that was just written is not known to the manager before it reads its files again.
function dropInsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .map((name) => join(folder, name));
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
