#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Cancels tasks of the State Hub that no file stands behind any more and that nobody has moved for long.
import { defineScript } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { readConfig } from "../lib/config.ts";
import { SOURCES } from "../lib/consistency/report.ts";

export const script = defineScript({
  name: "cleanup_stale_tasks.ts",
  promise: "Cancels tasks that no file stands behind any more and that have not moved for long.",
  reads: ["orphaned tasks, and tasks of orphaned workstreams, in the State Hub that DATABASE_URL names"],
  writes: [
    "nothing, unless --apply is given",
    "with --apply, in one transaction: the tasks' status, an event for each, and a progress event with the report",
    "never a task that has a block in a file, and never a file",
  ],
  flags: {
    days: {
      kind: "integer",
      min: 1,
      max: 3_650,
      default: 30,
      describe: "Only those whose status has not changed for longer than this, by the database's clock",
    },
    apply: { kind: "boolean", describe: "Cancel them; without it they are only shown" },
    source: {
      kind: "choice",
      choices: SOURCES,
      default: "manual",
      describe: "Who started the run; kept in its report",
    },
  },
  examples: [
    { command: "scripts/cleanup_stale_tasks.ts", says: "which tasks are stale; nothing is changed" },
    { command: "scripts/cleanup_stale_tasks.ts --days 90 --apply", says: "cancel those of more than 90 days" },
    { command: "scripts/cleanup_stale_tasks.ts --json", says: "the report as one JSON document" },
  ],
  run: async ({ days, apply, source }, io) => {
    const { openHub } = await import("../lib/hub/open_hub.ts");
    const { databaseFailure } = await import("../lib/db/database_failure.ts");
    const { cleanupStaleTasks } = await import("../lib/cleanup/cleanup_command.ts");
    const access = apply ? "read-write" : "read-only";
    const database = await openHub(readConfig(), { applicationName: "cleanup_stale_tasks", io, access });
    try {
      return await cleanupStaleTasks(database, { days, apply, source });
    } catch (error) {
      throw databaseFailure("Could not clean up stale tasks", error);
    } finally {
      await database.close();
    }
  },
});

if (import.meta.main) await main(script);
