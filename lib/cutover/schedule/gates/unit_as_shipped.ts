// The installed units are the toolkit's: what somebody changed by hand would be archived and forgotten with them, and the schedule
// that was compared would not be the one that is written down.
import type { ScheduleFinding } from "../sight.ts";
import { type Gate, pass, refuse } from "./gate.ts";

const REFUSED = new Set([
  "unit_masked",
  "unit_unreadable",
  "unit_edited",
  "unit_needs_reload",
  "service_missing",
  "timer_not_active",
]);

export const unitAsShipped: Gate = {
  id: "unit_as_shipped",
  claim: "The installed units are the toolkit's own, as the manager has read them, and the timer has no drop-in",
  remedy: "scripts/cutover.ts schedule status",
  look: ({ status, move }) => {
    const timer = `${move.world.unitName}.timer`;
    const refused = status.findings.find((each) => REFUSED.has(each.id) || isDropInOf(each, timer));
    if (refused !== undefined) return refuse(refused.says, refused.remedy);
    // A service's drop-in says where this machine differs: it is archived, and brought back, with its unit.
    const dropIn = status.findings.find(({ id }) => id === "unit_drop_in");
    return pass(dropIn === undefined ? "nothing differs" : `${dropIn.says}, which is archived with it`);
  },
};

function isDropInOf({ id, says }: ScheduleFinding, unit: string): boolean {
  return id === "unit_drop_in" && says.startsWith(`${unit} `);
}
