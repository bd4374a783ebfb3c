// Enabling and starting the timer again, so that its first run is in its next slot and not before: one with Persistent=true would
// make up for what it missed, and the CronJob has run those slots.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../../../plan/run_steps.ts";
import { runSystemctl, systemctl, unitState } from "../../../systemd/user_units.ts";
import { waitUntil } from "../../../wait_until.ts";
import { hubClock } from "../hub_clock.ts";
import type { Move } from "../move.ts";
import { type MoveTerms, timersOf } from "../move_terms.ts";
import { steady } from "../steady.ts";
import { forgetTimer } from "../timer_memory.ts";

type EnablingMove = Pick<Move, "world" | "hub" | "grid" | "signal" | "progress">;
type Enabling = Pick<MoveTerms, "timers" | "archive">;

export function enableTimer(move: EnablingMove, terms: Enabling): Step {
  const { world, hub } = move;
  const timers = timersOf(terms);
  const makesUp = (timer: string) => isPersistent(timer, [terms.archive, world.installedFolder, world.unitFolder]);
  const states = () => Promise.all(timers.map((timer) => unitState(world.units, timer)));
  return {
    id: "enable_timer",
    says: `${timers.join(", ")} is enabled and started; it makes up for no slot`,
    commands: timers.flatMap((timer) => [
      ...(makesUp(timer) ? [systemctl.forgetLastRun(timer)] : []),
      systemctl.enableNow(timer),
    ]),
    undo: `systemctl --user disable --now ${timers.join(" ")}`,
    look: async () => {
      const seen = await states();
      const next = seen.flatMap(({ nextElapse }) => nextElapse?.toISOString() ?? [])[0] ?? "unknown";
      const done = seen.every(({ file, active }) => file === "enabled" && active === "active");
      return { done, evidence: { fires_first: next, hub_time: (await hubClock(hub.sql)).toISOString() } };
    },
    act: async () => {
      const door = steady(world.units);
      for (const timer of timers) {
        const { active } = await unitState(world.units, timer);
        if (active !== "active" && !(await forgetTimer(world.units, timer))) await waitForSlot(move, timer);
        if (active !== "active" && makesUp(timer)) await runSystemctl(door, systemctl.forgetLastRun(timer));
        await runSystemctl(door, systemctl.enableNow(timer));
      }
    },
  };
}

const LOOK_EVERY_MS = 100;

/** Where it fires at once, that is a run of a slot that has just begun, which nobody else runs: its first, and no second. */
async function waitForSlot({ hub, grid, signal, progress }: EnablingMove, timer: string): Promise<void> {
  const slot = grid.nextAfter(await hubClock(hub.sql));
  if (slot === null) return;
  progress(`waits for the slot of ${slot.toISOString()}: systemd remembers ${timer}, and starts it at once`);
  const wait = { forWhat: "the next slot", deadlineMs: 25 * 3_600_000, intervalMs: LOOK_EVERY_MS, signal };
  await waitUntil(wait, async () => {
    const now = await hubClock(hub.sql);
    return now >= slot ? { found: true } : { seen: now.toISOString() };
  });
}

/** @param folders where its text may be; the first one counts */
function isPersistent(timer: string, folders: readonly string[]): boolean {
  const path = folders.map((folder) => join(folder, timer)).find((each) => existsSync(each));
  if (path === undefined) return false;
  return /^\s*Persistent\s*=\s*(1|yes|true|on|t|y)\s*$/im.test(readFileSync(path, "utf8"));
}
