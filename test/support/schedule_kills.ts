// Movers that die: a switch or a rollback is killed at a named point, and then gone on with or taken back. What must hold at the end
// is asked of the world: who fires, which slots were run by whom, what the controller made up for, what the hub was told.
import { expect } from "bun:test";
import { FLEET_LOCK } from "../../lib/cutover/schedule/move.ts";
import { journalPath } from "../../lib/cutover/schedule/move_files.ts";
import { lookAtSchedule } from "../../lib/cutover/schedule/status.ts";
import { readJournal } from "../../lib/plan/journal.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { moved, moverProcess, planned } from "./schedule_moves.ts";
import { PERIOD_S, type ScheduleScene, scheduleScene } from "./schedule_scene.ts";

/** Steps that act; those that only look pass in one go. */
export const SWITCH_STEPS = [
  "suspend_cronjob",
  "copy_units_to_archive",
  "disable_timer",
  "wait_for_sweep",
  "remove_units",
  "unsuspend_cronjob",
  "prove_first_run",
] as const;
export const ROLLBACK_STEPS = [
  "suspend_cronjob",
  "wait_for_sweep",
  "restore_units",
  "enable_timer",
  "prove_first_run",
] as const;
/** Before the act; after it; before the journal says that it is done. */
export const MOMENTS = ["begun", "acted", "settled"] as const;

export interface Kill {
  readonly act: "switch" | "rollback";
  /** "disable_timer:acted" */
  readonly point: string;
  readonly goes: "on" | "back";
}

/** Slots in which both may run: that is what a declared parallel run is. */
interface BothMay {
  readonly from: number;
  readonly until: number;
}

export interface KilledSchedule {
  readonly scene: ScheduleScene;
  /** Kills once, goes on or back, and leaves the schedule with the timer. */
  survive(kill: Kill): Promise<void>;
  stop(): Promise<void>;
}

/** A schedule that the timer owns, with a canary that passed. */
export async function killedSchedule(): Promise<KilledSchedule> {
  const scene = await scheduleScene();
  // Before the timer's first sweep: one that held the lock would have it learn nothing.
  expect((await moved(scene, "canary")).came).toBe("done");
  await scene.installTimer();
  const bothMay: BothMay[] = [];
  return { scene, survive: (kill) => survive(scene, kill, bothMay), stop: scene.stop };
}

async function survive(scene: ScheduleScene, kill: Kill, bothMay: BothMay[]): Promise<void> {
  const { act, point, goes } = kill;
  if (act === "rollback") await moved(scene, "switch");
  // Only from there a switch has something to suspend.
  const from = Date.now();
  if (act === "switch" && point.startsWith("suspend_cronjob:")) await moved(scene, "parallel");
  const { file, gates } = await planned(scene, act);
  expect(gates.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  await dies(scene, file, point);
  const held = Date.now();
  const backwards = act === "rollback" || goes === "back";
  if (goes === "on") {
    const resumed = await moverProcess(scene, file);
    expect({ kill, came: resumed.applied?.came, said: resumed.applied }).toMatchObject({ kill, came: "done" });
  } else expect(await moved(scene, "rollback")).toMatchObject({ came: "done" });
  if (act === "switch" && point.startsWith("suspend_cronjob:")) bothMay.push({ from, until: held + 2_000 * PERIOD_S });
  await holds(scene, kill, backwards ? "timer" : "cronjob", bothMay);
  if (!backwards) expect(await moved(scene, "rollback")).toMatchObject({ came: "done" });
  await holds(scene, kill, "timer", bothMay);
}

/** A sweep runs when the step comes that waits for one, and ends when it is waited for. */
async function dies(scene: ScheduleScene, file: string, point: string): Promise<void> {
  const held = point.startsWith("wait_for_sweep:") ? await holdFleet(scene) : null;
  try {
    const onPoint = (passed: string) => {
      if (passed === "wait_for_sweep:begun") void held?.close();
    };
    const end = await moverProcess(scene, file, { point, onPoint });
    expect({ killed: end.exitCode === null, at: end.points.at(-1), said: end.applied }).toEqual({
      killed: true,
      at: point,
      said: null,
    });
  } finally {
    await held?.close();
  }
}

/** A run holds the fleet's lock: as long as the timer's own sweeps leave it. */
async function holdFleet({ hub }: ScheduleScene) {
  const locks = await hub.database.sessionLocks({ source: "manual", host: "elsewhere", pid: 1 });
  await waitUntil({ forWhat: "the fleet's lock", deadlineMs: 10_000 }, async () =>
    (await locks.tryLock(FLEET_LOCK)) ? { found: true } : { seen: "held" },
  );
  let closed: Promise<void> | undefined;
  return {
    close: () => {
      closed ??= locks.close();
      return closed;
    },
  };
}

export async function holds(
  scene: ScheduleScene,
  about: unknown,
  owner: "timer" | "cronjob",
  bothMay: readonly BothMay[] = [],
): Promise<void> {
  const { verdict } = await lookAtSchedule(scene.world);
  const surprises = scene.controller.started.filter(({ makeUp }) => makeUp);
  const slots = new Map<string, string[]>();
  for (const { slot, source } of await scene.firings()) slots.set(slot, [...(slots.get(slot) ?? []), source]);
  const allowed = (slot: string) =>
    bothMay.some(({ from, until }) => Date.parse(slot) >= from - 1_000 * PERIOD_S && Date.parse(slot) <= until);
  const doubled = [...slots].filter(([slot, by]) => by.length > (allowed(slot) && new Set(by).size > 1 ? 2 : 1));
  const { written, told } = await trails(scene);
  expect({ about, verdict, surprises, doubled, told }).toEqual({
    about,
    verdict: owner,
    surprises: [],
    doubled: [],
    told: written,
  });
}

/** The ids of acts that the journal has as done, and those of the hub's events: the same, each once. */
async function trails({ home, hub }: ScheduleScene) {
  const done = readJournal(journalPath(home)).filter(({ entry, act }) => entry === "done" && act !== null);
  const rows = await hub.database.sql<{ id: string }[]>`
    select id from progress_events where event_type = 'schedule_cutover' and source = 'manual'`;
  const written = done.map(({ act }) => act as string).sort();
  // An act that was cut off before the journal had it done, and then taken back, was told of all the same.
  const begun = new Set(readJournal(journalPath(home)).map(({ act }) => act));
  const known = rows.map(({ id }) => id).sort();
  expect(known.filter((id) => !begun.has(id))).toEqual([]);
  return { written, told: known.filter((id) => written.includes(id)) };
}
