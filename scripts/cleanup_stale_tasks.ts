#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Cancels tasks of the State Hub that no file stands behind any more and that nobody has moved for long.
import { defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { type Config, readConfig } from "../lib/config.ts";
import { SOURCES, type Source } from "../lib/consistency/report.ts";
import type { Database } from "../lib/db/connect.ts";
import { describeFailure, usageFailure } from "../lib/failure.ts";
import { REQUIREMENTS, type Requirement } from "../lib/schedule/requirement.ts";

/** As near to the moment at which a schedule fired as this process knows. */
const STARTED_AT = new Date();

interface CleanupArguments {
  readonly days: number;
  readonly apply: boolean;
  readonly source: Source;
  readonly requires?: Requirement | undefined;
  readonly "max-seconds"?: number | undefined;
}

async function run(args: CleanupArguments, io: Io): Promise<Outcome> {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const config = readConfig();
  const access = args.apply ? "read-write" : "read-only";
  const open = () => openHub(config, { applicationName: "cleanup_stale_tasks", io, access });
  if (args.requires === undefined) return cleanUp(await open(), args, config);
  if (!args.apply)
    throw usageFailure("Could not use --requires", {
      observed: "no --apply",
      expected: "a run that leaves a row: a preview leaves none that could be skipped",
      hint: "scripts/cleanup_stale_tasks.ts --help",
    });
  const { openUnlessAway } = await import("../lib/db/open_unless_away.ts");
  const opened = await openUnlessAway(open);
  return "away" in opened ? skipped(args, opened.away, config) : cleanUp(opened.database, args, config);
}

async function cleanUp(database: Database, args: CleanupArguments, config: Config): Promise<Outcome> {
  const { cleanupStaleTasks } = await import("../lib/cleanup/cleanup_command.ts");
  const { recordCleanup } = await import("../lib/activity/record_cleanup.ts");
  const { databaseFailure } = await import("../lib/db/database_failure.ts");
  const runId = Bun.randomUUIDv7();
  const maxSeconds = args["max-seconds"] ?? null;
  try {
    return await cleanupStaleTasks(database, { ...args, runId, maxSeconds, record: recordCleanup });
  } catch (error) {
    const failure = databaseFailure("Could not clean up stale tasks", error);
    if (args.apply) await keepFailed(database, { runId, source: args.source, why: describeFailure(failure) }, config);
    throw failure;
  } finally {
    await database.close();
  }
}

/** Its row, or a file until it can be written; the failure itself is told anyway. */
async function keepFailed(
  database: Database,
  { runId, source, why }: { readonly runId: string; readonly source: Source; readonly why: string },
  config: Config,
): Promise<void> {
  const { keepUnreported } = await import("../lib/consistency/sweep/spooled_runs.ts");
  const { CLEANUP } = await import("../lib/activity/activity.ts");
  const { sweepRecorder } = await import("../lib/activity/activity_run.ts");
  const { hubKeyOf } = await import("../lib/db/hub_key.ts");
  const times = { fired_at: STARTED_AT.toISOString(), finished_at: new Date().toISOString() };
  const row = { run_id: runId, definition_id: CLEANUP.definitionId, source, ...times, status: "failed" } as const;
  const where = { home: config.stateHubHome, hubKey: hubKeyOf(config.database), activity: sweepRecorder };
  await keepUnreported({ ...row, reason: why }, { database, ...where });
}

async function skipped({ source, requires }: CleanupArguments, found: string, config: Config): Promise<Outcome> {
  const { skippedRun } = await import("../lib/consistency/commands/skipped_run.ts");
  const { CLEANUP } = await import("../lib/activity/activity.ts");
  const { sweepRecorder } = await import("../lib/activity/activity_run.ts");
  const { hubKeyOf } = await import("../lib/db/hub_key.ts");
  const where = { home: config.stateHubHome, hubKey: hubKeyOf(config.database), activity: sweepRecorder };
  const run = { definitionId: CLEANUP.definitionId, source, firedAt: STARTED_AT, found };
  return skippedRun({ ...run, requirement: requires ?? "state-hub.health", ...where });
}

export const script = defineScript({
  name: "cleanup_stale_tasks.ts",
  promise: "Cancels tasks that no file stands behind any more and that have not moved for long.",
  reads: ["orphaned tasks, and tasks of orphaned workstreams, in the State Hub that DATABASE_URL names"],
  writes: [
    "nothing, unless --apply is given",
    "with --apply, in one transaction: the tasks' status, an event for each, the run's progress event and activity run",
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
    "max-seconds": {
      kind: "integer",
      min: 1,
      max: 86_400,
      describe: "Give up, and change nothing, after so long (as long as it takes unless given)",
    },
    requires: {
      kind: "choice",
      choices: REQUIREMENTS,
      describe: "Step aside, with exit 0 and a skipped run, when this is not there: the database, for this script",
    },
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
  run,
});

if (import.meta.main) await main(script);
