// What to type so that the sweep's timer fires, from whatever is there: units that stand as copies cannot be linked over, and
// a mask is in the way of both.
import { enableTimer, linkUnits, unmask } from "./remedies.ts";
import { type Seen, saidBy } from "./seen.ts";
import type { ScheduleWorld } from "./world.ts";

export function startByTimer(world: ScheduleWorld, seen: Seen): string {
  const units = [seen.service, seen.timer].map((answer, at) => ({
    unit: `${world.unitName}.${at === 0 ? "service" : "timer"}`,
    // One that could not be asked is taken for missing: systemctl says so where it is not.
    load: saidBy(answer)?.state.load ?? "not-found",
  }));
  const masked = units.filter(({ load }) => load === "masked");
  // A mask stands in the place of the unit: what was there before it is gone.
  const missing = units.filter(({ load }) => load === "masked" || load === "not-found").map(({ unit }) => unit);
  return [
    ...masked.map(({ unit }) => unmask(unit)),
    ...(missing.length === 0 ? [] : [linkUnits(world, missing)]),
    enableTimer(`${world.unitName}.timer`),
  ].join(" && ");
}
