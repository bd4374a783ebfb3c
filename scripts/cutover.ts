#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Moves the sweep's schedule from this machine's timer to the cluster's CronJob, and back.
import type { ActivityDefinition } from "../lib/activity/definition.ts";
import { command, defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { environmentForPrograms, readConfig } from "../lib/config.ts";
import { SOURCES } from "../lib/consistency/report.ts";
import type { Judges, Move } from "../lib/cutover/schedule/move.ts";
import type { ActName } from "../lib/cutover/schedule/move_terms.ts";
import { NAMESPACE } from "../lib/cutover/schedule/world.ts";
import type { Database } from "../lib/db/connect.ts";
import { OpsFailure, usageFailure } from "../lib/failure.ts";

interface ClusterArguments {
  readonly context?: string | undefined;
  readonly namespace: string;
}

const CLUSTER = {
  context: { kind: "string", placeholder: "NAME", describe: "Of the kubeconfig (default: its current one)" },
  namespace: { kind: "string", default: NAMESPACE, describe: "Where the CronJob is" },
} as const;
const PLAN = {
  plan: { kind: "string", placeholder: "FILE", describe: "Keep the plan there instead of below STATE_HUB_HOME" },
  apply: { kind: "string", placeholder: "FILE", describe: "Do what the plan in FILE says, or go on where it stopped" },
} as const;

/** The sweep's definition, and the places where its schedule may live. */
async function sweepWorld(args: ClusterArguments, io: Io) {
  const { SWEEP_DEFINITION_ID } = await import("../lib/activity/activity_run.ts");
  const { shippedDefinition, TOOLKIT_ROOT } = await import("../lib/activity/shipped_definitions.ts");
  const { cronOf, unitNameOf } = await import("../lib/activity/definition.ts");
  const { deadlinesOf } = await import("../lib/activity/deadlines.ts");
  const { renderCronJob } = await import("../lib/activity/render/cron_job.ts");
  const { scheduleWorld } = await import("../lib/cutover/schedule/schedule_world.ts");
  const definition = shippedDefinition(SWEEP_DEFINITION_ID);
  const world = scheduleWorld({
    env: environmentForPrograms(),
    context: args.context ?? null,
    namespace: args.namespace,
    unitName: unitNameOf(definition),
    toolkit: TOOLKIT_ROOT,
    cronJobText: renderCronJob(definition, deadlinesOf(definition)),
    signal: io.signal,
  });
  return { definition, world, cron: cronOf(definition) ?? "" };
}

async function inHub(args: ClusterArguments, io: Io, work: (move: Move) => Promise<Outcome>): Promise<Outcome> {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const { databaseFailure } = await import("../lib/db/database_failure.ts");
  const { withMove } = await import("../lib/cutover/schedule/with_move.ts");
  const { scheduleInHub } = await import("../lib/compare/compare_in_database.ts");
  const config = readConfig();
  const { definition, world, cron } = await sweepWorld(args, io);
  const hub = await openHub(config, { applicationName: "cutover", io });
  try {
    const inHub = await scheduleInHub(hub.sql, definition.uuid);
    if (inHub === null) throw withoutSchedule(cron);
    const schedule = inHub ?? cron;
    const judges = await judgesFor(hub, definition, schedule);
    const activity = { uuid: definition.uuid, maxSeconds: definition.max_seconds };
    const { stateHubHome: home, host } = config;
    return await withMove({ world, hub, cron: schedule, activity, home, host, judges, io }, work);
  } catch (error) {
    throw databaseFailure("Could not move the schedule", error);
  } finally {
    await hub.close();
  }
}

/** A run would be filed under no slot: neither could schedules be compared, nor a new owner be proven. */
function withoutSchedule(cron: string): OpsFailure {
  return new OpsFailure("Could not move the schedule", {
    observed: "the hub's row of the sweep's definition has no schedule",
    expected: cron,
    hint: "scripts/activity_definitions.ts sync",
  });
}

/** What other parts of the toolkit are asked. */
async function judgesFor(hub: Database, definition: ActivityDefinition, schedule: string): Promise<Judges> {
  const { settledAfterSeconds } = await import("../lib/activity/deadlines.ts");
  const { compareInDatabase } = await import("../lib/compare/compare_in_database.ts");
  const { checkDefinitions } = await import("../lib/activity/check_definitions.ts");
  const { definitionRows } = await import("../lib/activity/definition_rows.ts");
  const { readDefinitions } = await import("../lib/activity/read_definitions.ts");
  const { DEFINITIONS_FOLDER, TOOLKIT_ROOT } = await import("../lib/activity/shipped_definitions.ts");
  const { judgeComparison, judgeDefinition } = await import("../lib/cutover/schedule/judgements.ts");
  const { uuid } = definition;
  const compared = { definitionId: uuid, schedule, settledAfterSeconds: settledAfterSeconds(definition) };
  return {
    compare: async (asked) => judgeComparison(await compareInDatabase(hub.sql, { ...asked, ...compared })),
    definitionsAgree: async () => {
      const definitions = readDefinitions(DEFINITIONS_FOLDER);
      const table = { state: "read", rows: await definitionRows(hub.sql) } as const;
      const { differences } = checkDefinitions(TOOLKIT_ROOT, definitions, table);
      return judgeDefinition(
        definitions.definitions.find((each) => each.uuid === uuid),
        differences,
      );
    },
  };
}

/** What a plan is worked out for when none is given to apply. */
interface Asked {
  readonly act: ActName;
  readonly hours?: number;
  readonly baseline?: string;
  readonly candidate?: string;
  readonly clusterIsGone?: boolean;
}

/** Of a plan, or what a plan says: never both in one run. */
async function planOrApply(
  args: ClusterArguments & { readonly plan?: string | undefined; readonly apply?: string | undefined },
  io: Io,
  { act, hours = 72, baseline = "local-timer", candidate = "k8s-cronjob", clusterIsGone = false }: Asked,
  acts: readonly ActName[],
): Promise<Outcome> {
  const { plan, apply } = args;
  if (plan !== undefined && apply !== undefined)
    throw usageFailure("Could not use --plan", { observed: "--apply beside it", hint: "scripts/cutover.ts --help" });
  const { applyCommandOf, planCommand } = await import("../lib/cutover/schedule/move_commands.ts");
  return inHub(args, io, (move) =>
    apply === undefined
      ? planCommand(move, { act, hours, baseline, candidate, clusterIsGone }, plan ?? null)
      : applyCommandOf(move, acts, apply),
  );
}

function canaryAct({ parallel, end, apply }: { parallel: boolean; end: boolean; apply?: string | undefined }): ActName {
  if (!end) return parallel ? "parallel" : "canary";
  if (parallel || apply !== undefined) return "end-parallel";
  const hint = "scripts/cutover.ts schedule canary --parallel --end";
  throw usageFailure("Could not use --end", { observed: "no --parallel", hint });
}

export const script = defineScript({
  name: "cutover.ts",
  promise: "Moves the sweep's schedule from this machine's timer to the cluster's CronJob, and back, with evidence.",
  reads: [
    "the account's systemd and cron table, and the CronJob of the cluster that kubectl's KUBECONFIG leads to",
    "runs, findings and definitions in the State Hub that DATABASE_URL names (status needs none)",
    "k8s/activity-definitions and systemd/active of this toolkit",
  ],
  writes: [
    "status: nothing; without --apply a plan in a file, and nothing else",
    "switch --apply, rollback --apply: the account's installed units, whether the CronJob is suspended",
    "canary --apply: one Job, or whether the CronJob is suspended; never the timer",
    "for each act a line of the journal and an archive below STATE_HUB_HOME, and a progress event in the State Hub",
  ],
  examples: [
    { command: "scripts/cutover.ts schedule status", says: "who starts the sweep, and what is not as it should be" },
    { command: "scripts/cutover.ts schedule canary", says: "one Job from the CronJob's template: the plan for it" },
    { command: "scripts/cutover.ts schedule canary --parallel", says: "let both run side by side, to be compared" },
    { command: "scripts/cutover.ts schedule switch", says: "whether the CronJob may take over, and how it would" },
    { command: "scripts/cutover.ts schedule switch --apply p.json", says: "what that plan says, or where it stopped" },
    { command: "scripts/cutover.ts schedule rollback", says: "the way back, also from a switch that is half done" },
  ],
  commands: [
    command({
      name: "schedule status",
      promise: "Shows who starts the sweep, what is not as it should be, and how far a move has come.",
      flags: CLUSTER,
      run: async (args, io) => {
        const { statusCommand } = await import("../lib/cutover/schedule/status_command.ts");
        const { cronGrid } = await import("../lib/schedule/cron_grid.ts");
        const { world, cron } = await sweepWorld(args, io);
        return statusCommand({ world, grid: cronGrid(cron), home: readConfig().stateHubHome, now: new Date() });
      },
    }),
    command({
      name: "schedule canary",
      promise: "Runs the CronJob's template once as a Job; with --parallel, lets CronJob and timer run side by side.",
      flags: {
        ...CLUSTER,
        ...PLAN,
        parallel: { kind: "boolean", describe: "Unsuspend the CronJob beside the timer, declared as such" },
        end: { kind: "boolean", describe: "With --parallel: suspend it again" },
      },
      run: (args, io) => planOrApply(args, io, { act: canaryAct(args) }, ["canary", "parallel", "end-parallel"]),
    }),
    command({
      name: "schedule switch",
      promise: "Gives the schedule to the CronJob: gates and plan first, then with --apply what the plan says.",
      flags: {
        ...CLUSTER,
        ...PLAN,
        hours: { kind: "integer", min: 1, max: 720, default: 72, describe: "Compare the runs of so many hours" },
        baseline: {
          kind: "choice",
          choices: SOURCES,
          default: "local-timer",
          describe: "The source that has the schedule now",
        },
        candidate: {
          kind: "choice",
          choices: SOURCES,
          default: "k8s-cronjob",
          describe: "The source that is to have it",
        },
      },
      run: ({ hours, baseline, candidate, ...args }, io) =>
        planOrApply(args, io, { act: "switch", hours, baseline, candidate }, ["switch"]),
    }),
    command({
      name: "schedule rollback",
      promise: "Gives the schedule back to the timer, also from a switch that is half done.",
      flags: {
        ...CLUSTER,
        ...PLAN,
        "cluster-is-gone": {
          kind: "boolean",
          describe: "The cluster is lost: leave its CronJob as it is, which would run again if it came back",
        },
      },
      run: ({ "cluster-is-gone": clusterIsGone, ...args }, io) =>
        planOrApply(args, io, { act: "rollback", clusterIsGone }, ["rollback"]),
    }),
  ],
});

if (import.meta.main) await main(script);
