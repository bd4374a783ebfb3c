// Nothing else starts sweeps: a line in a cron table, or the timer of the old name beside the new one, would go on after the move.
import { type Gate, pass, refuse, unknown } from "./gate.ts";

export const noForeignSchedule: Gate = {
  id: "no_foreign_schedule",
  claim: "No cron line, and no second timer, starts sweeps beside the owner",
  remedy: "scripts/cutover.ts schedule status",
  look: ({ status }) => {
    const [cron, timer, old] = (["cron", "timer", "old_timer"] as const).map((id) =>
      status.owners.find((owner) => owner.id === id),
    );
    if (cron?.enabled === true) return refuse(`${cron.name}: ${cron.detail}`, cron.remedy ?? undefined);
    if (timer?.enabled === true && old?.enabled === true)
      return refuse(`${old.name} is enabled beside ${timer.name}`, old.remedy ?? undefined);
    if (cron?.enabled === null) return unknown(`${cron.name}: ${cron.detail}`, cron.remedy ?? undefined);
    return pass("nothing else");
  },
};
