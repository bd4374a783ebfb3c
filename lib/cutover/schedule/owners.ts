// The places where a sweep's schedule may live. A place that is forgotten here fires unseen, beside the one that owns it: a
// new one is a row.
import { scrubText } from "../../secret.ts";
import { applyManifests, disableTimer, suspendCronJob } from "./remedies.ts";
import { type Answer, type Seen, type SeenUnit, saidBy } from "./seen.ts";
import type { OwnerId, OwnerSight } from "./sight.ts";
import { OLD_TIMER, PARALLEL_SINCE, type ScheduleWorld } from "./world.ts";

type Told = Omit<OwnerSight, "id" | "name">;

interface Owner {
  readonly id: OwnerId;
  readonly name: (world: ScheduleWorld) => string;
  readonly look: (seen: Seen, world: ScheduleWorld) => Told;
}

export const OWNERS: readonly Owner[] = [
  {
    id: "timer",
    name: ({ unitName }) => `${unitName}.timer`,
    look: ({ timer }) => sightOfTimer(timer),
  },
  { id: "old_timer", name: () => OLD_TIMER, look: ({ oldTimer }) => sightOfTimer(oldTimer) },
  { id: "cron", name: () => "cron table", look: ({ cron }) => sightOfCron(cron) },
  {
    id: "cronjob",
    name: ({ unitName, cluster }) => `CronJob ${cluster.namespace}/${unitName}`,
    look: ({ cronJob }, world) => sightOfCronJob(cronJob, world),
  },
];

/** What could not be asked is a sight too. */
export function ownersIn(seen: Seen, world: ScheduleWorld): OwnerSight[] {
  return OWNERS.map(({ id, name, look }) => ({ id, name: name(world), ...look(seen, world) }));
}

/** Lines of a cron table that start the sweep, numbered from 1; comments are none. */
export function sweepLines(lines: readonly string[]): { readonly line: number; readonly text: string }[] {
  return lines
    .map((text, at) => ({ line: at + 1, text: text.trim() }))
    .filter(({ text }) => !text.startsWith("#") && SWEEPS.some((sweep) => sweep(text)));
}

const SWEEPS: readonly ((text: string) => boolean)[] = [
  (text) => /\bcustodian-sync\b/.test(text),
  (text) => /\bconsistency_check\b/.test(text) && /\s--remote\b/.test(text) && /\s--all\b/.test(text),
  (text) => /\bstate-hub-consistency-sweep\b/.test(text),
  (text) => /\/consistency\/sweep\/remote-all\b/.test(text),
];

function unknown<T>(answer: Answer<T>): Told | null {
  if (!("failed" in answer)) return null;
  const { message, observed, hint } = answer.failed;
  const detail = observed === undefined ? message : `${message}: ${observed}`;
  return { enabled: null, active: null, detail, remedy: hint ?? null, next: null };
}

function sightOfTimer(answer: Answer<SeenUnit>): Told {
  const seen = saidBy(answer);
  if (seen === null) return unknown(answer) as Told;
  const { unit, load, active, file, nextElapse } = seen.state;
  if (load === "not-found") return { enabled: false, active: false, detail: "not installed", remedy: null, next: null };
  const runs = active === "active";
  // Started by hand it fires too, until the manager ends.
  const enabled = runs || /^enabled/.test(file);
  const detail = `${load === "loaded" ? file || "no file" : load}, ${active}`;
  return { enabled, active: runs, detail, remedy: enabled ? disableTimer(unit) : null, next: nextElapse };
}

function sightOfCron(answer: Answer<readonly string[]>): Told {
  const lines = saidBy(answer);
  if (lines === null) return unknown(answer) as Told;
  const found = sweepLines(lines);
  const detail = found.map(({ line, text }) => `line ${line}: ${scrubText(text)}`).join("; ");
  const fires = found.length > 0;
  return {
    enabled: fires,
    active: fires,
    detail: detail || "no such line",
    remedy: fires ? "crontab -e" : null,
    next: null,
  };
}

function sightOfCronJob(answer: Seen["cronJob"], world: ScheduleWorld): Told {
  if ("failed" in answer) return unknown(answer) as Told;
  const state = answer.said;
  if (state === null) {
    const remedy = applyManifests(world, false);
    return { enabled: false, active: false, detail: "the cluster has none", remedy, next: null };
  }
  const since = state.annotations[PARALLEL_SINCE];
  const last = state.lastScheduleTime === null ? "never started" : `last ${state.lastScheduleTime.toISOString()}`;
  const detail = [
    state.suspended ? "suspended" : "not suspended",
    last,
    ...(state.active > 0 ? [`${state.active} running`] : []),
    ...(since === undefined ? [] : [`beside the timer since ${since}`]),
  ].join(", ");
  const fires = !state.suspended;
  return { enabled: fires, active: fires, detail, remedy: fires ? suspendCronJob(world) : null, next: null };
}
