// Disabling and stopping the timer, under each name that it has here. A service that it started runs on to its end.
import type { Step } from "../../../plan/run_steps.ts";
import { runSystemctl, systemctl, type UnitState, unitState } from "../../../systemd/user_units.ts";
import type { Move } from "../move.ts";
import { type MoveTerms, timersOf } from "../move_terms.ts";
import { steady } from "../steady.ts";

export function disableTimer({ world }: Pick<Move, "world">, terms: Pick<MoveTerms, "timers">): Step {
  const timers = timersOf(terms);
  const states = () => Promise.all(timers.map((timer) => unitState(world.units, timer)));
  return {
    id: "disable_timer",
    says: `${timers.join(", ")} fires no more: disabled and stopped; of a linked unit the link goes too`,
    commands: timers.map((timer) => systemctl.disableNow(timer)),
    undo: `systemctl --user enable --now ${timers.join(" ")}`,
    look: async () => {
      const seen = await states();
      return { done: seen.every(isOff), evidence: Object.fromEntries(seen.map(words)) };
    },
    act: async () => {
      const door = steady(world.units);
      for (const { unit, file } of await states()) {
        if (file.startsWith("enabled") || file === "linked") await runSystemctl(door, systemctl.disableNow(unit));
        // Cut off between its two halves, `disable --now` leaves a timer that has no file any more and fires on.
        const after = await unitState(door, unit);
        if (!isOff(after)) await runSystemctl(door, systemctl.stop(unit));
      }
    },
  };
}

function isOff({ active, file }: UnitState): boolean {
  return (active === "inactive" || active === "failed") && !file.startsWith("enabled");
}

/** A linked unit that was stopped is nothing to systemd any more: that is as it should be, and is said so. */
function words(state: UnitState): [string, string] {
  const { unit, load, file, active } = state;
  if (!isOff(state)) return [unit, `still fires: ${file || "no file"}, ${active}`];
  return [unit, `fires no more, ${load === "not-found" ? "its link is gone" : file || "it has no file"}`];
}
