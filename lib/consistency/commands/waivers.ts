// The bodies of `state_hub.ts waiver ...`: what they do, show, and say to type next.
import type { Outcome } from "../../cli/define_script.ts";
import type { Database } from "../../db/connect.ts";
import { renderWaivers } from "../registry_view.ts";
import { addWaiver, listWaivers, removeWaiver, type WaiverRequest } from "../waivers.ts";

/** @throws OpsFailure (usage) for an unknown check or repository */
export async function waiverAdd(database: Database, request: WaiverRequest, dryRun: boolean): Promise<Outcome> {
  const waiver = await database.transaction((tx) => addWaiver(tx, request), { rollBack: dryRun });
  return {
    exitCode: 0,
    document: { dry_run: dryRun, waiver },
    render: (view) => `${dryRun ? "Dry run: nothing was written.\n" : ""}${renderWaivers([waiver], view)}`,
    next: "scripts/state_hub.ts waiver list",
  };
}

export async function waiverList({ sql }: Database): Promise<Outcome> {
  const waivers = await listWaivers(sql);
  return {
    exitCode: 0,
    document: { waivers },
    render: (view) => renderWaivers(waivers, view),
    next: "scripts/state_hub.ts status",
  };
}

/** @throws OpsFailure (usage) when no such waiver is active */
export async function waiverRemove(database: Database, id: string, dryRun: boolean): Promise<Outcome> {
  await database.transaction((tx) => removeWaiver(tx, id), { rollBack: dryRun });
  return {
    exitCode: 0,
    document: { dry_run: dryRun, removed: id },
    render: () => `${dryRun ? "Would remove" : "Removed"} waiver ${id}`,
    next: "scripts/state_hub.ts waiver list",
  };
}
