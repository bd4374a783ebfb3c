// The bodies of `state_hub.ts status` and `migrate`: what they do, show, and say to type next.
import type { Outcome } from "../cli/define_script.ts";
import type { Config } from "../config.ts";
import type { Database } from "../db/connect.ts";
import { migrate, migrationStatus } from "../db/migrate.ts";
import { embeddedStatus } from "../postgres/embedded_status.ts";
import { type HubStatus, hubStatus } from "./hub_status.ts";
import { renderMigrations, renderStatus } from "./hub_view.ts";

export async function showStatus(database: Database, config: Config): Promise<Outcome> {
  const embedded = config.database.kind === "embedded" ? embeddedStatus({ home: config.stateHubHome }) : null;
  const status = await hubStatus(database);
  return {
    exitCode: 0,
    document: { ...status, embedded },
    render: (view) => renderStatus(status, embedded, view),
    next: nextAfter(status),
  };
}

/** What waits for a person comes first; a hub that is swept is looked at through its remotes. */
function nextAfter({ held_plans, sweep }: HubStatus): string {
  if (held_plans > 0) return "scripts/state_hub.ts held list";
  const dryRun = ["scripts/consistency_check.ts", ...(sweep === null ? [] : ["--remote"]), "--all", "--dry-run"];
  return dryRun.join(" ");
}

/** @throws OpsFailure as migrate */
export async function migrateHub(
  database: Database,
  { onlyShow, dryRun }: { onlyShow: boolean; dryRun: boolean },
): Promise<Outcome> {
  const { applied, status } = onlyShow
    ? { applied: [], status: await migrationStatus(database.sql) }
    : await migrate(database, { dryRun });
  const done =
    applied.length === 0 ? "Nothing was pending." : `${dryRun ? "Would apply" : "Applied"} ${applied.length}.`;
  const pending = status.some(({ state }) => state === "pending") || (dryRun && applied.length > 0);
  return {
    exitCode: 0,
    document: { dry_run: dryRun, applied, migrations: status },
    render: (view) => `${renderMigrations(status, view)}${onlyShow ? "" : `\n${done}`}`,
    next: pending ? "scripts/state_hub.ts migrate" : "scripts/state_hub.ts status",
  };
}
