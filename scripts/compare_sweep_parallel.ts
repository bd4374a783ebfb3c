#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Puts two schedules of the sweep side by side and says whether the one may take over from the other.
import { defineScript, type Io } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { readConfig, readServiceConfig } from "../lib/config.ts";
import { SOURCES, type Source } from "../lib/consistency/report.ts";
import { describeFailure } from "../lib/failure.ts";

interface Terms {
  readonly hours: number;
  readonly baseline: Source;
  readonly candidate: Source;
}

async function compareHere(terms: Terms, io: Io) {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const { databaseFailure } = await import("../lib/db/database_failure.ts");
  const { compareInDatabase, scheduleInHub } = await import("../lib/compare/compare_in_database.ts");
  const { definitionId, shipped } = await shippedSweep(io);
  const database = await openHub(readConfig(), { applicationName: "compare_sweep_parallel", io, access: "read-only" });
  try {
    const inHub = await scheduleInHub(database.sql, definitionId);
    const schedule = inHub === undefined ? shipped.schedule : inHub;
    return await compareInDatabase(database.sql, { ...terms, ...shipped, definitionId, schedule });
  } catch (error) {
    throw databaseFailure("Could not compare the schedules", error);
  } finally {
    await database.close();
  }
}

/** A hub's routes do not tell its schedule: it is the one of this toolkit's file. */
async function compareThere(terms: Terms, via: string, io: Io) {
  const { hubAddress } = await import("../lib/hub/via/hub_address.ts");
  const { isReadable } = await import("../lib/hub/proxy/upstream.ts");
  const { compareFromHub } = await import("../lib/compare/compare_from_hub.ts");
  const { definitionId, shipped } = await shippedSweep(io);
  const url = hubAddress(via);
  const { token } = readServiceConfig();
  if (token !== null && isReadable(url))
    io.note("The token travels over plain http: whoever is on the way can read it");
  return compareFromHub({ url, token, signal: io.signal }, { ...terms, ...shipped, definitionId });
}

/** What the sweep's definition file says of its slots; a broken one leaves the schedule unknown, which no verdict is ready by. */
async function shippedSweep(io: Io) {
  const { SWEEP_DEFINITION_ID: definitionId } = await import("../lib/activity/activity_run.ts");
  const { shippedDefinition } = await import("../lib/activity/shipped_definitions.ts");
  const { cronOf } = await import("../lib/activity/definition.ts");
  const { settledAfterSeconds } = await import("../lib/activity/deadlines.ts");
  try {
    const definition = shippedDefinition(definitionId);
    const shipped = { schedule: cronOf(definition), settledAfterSeconds: settledAfterSeconds(definition) };
    return { definitionId, shipped };
  } catch (error) {
    io.note(describeFailure(error));
    return { definitionId, shipped: { schedule: null } };
  }
}

export const script = defineScript({
  name: "compare_sweep_parallel.ts",
  promise: "Puts two schedules of the sweep side by side, and says whether the one may take over from the other.",
  reads: [
    "the sweep's activity runs and the findings in the State Hub that DATABASE_URL names, or with --via through the hub at that URL",
    "the sweep's schedule: from the hub's table of definitions, else from k8s/activity-definitions/",
  ],
  writes: ["nothing: it runs no sweep"],
  flags: {
    hours: { kind: "integer", min: 1, max: 720, required: true, describe: "Look so far back from now" },
    baseline: { kind: "choice", choices: SOURCES, required: true, describe: "The source that has the schedule now" },
    candidate: { kind: "choice", choices: SOURCES, required: true, describe: "The source that is to have it" },
    via: {
      kind: "string",
      placeholder: "URL",
      describe: "Ask the hub at this URL (its token from STATE_HUB_TOKEN); no DATABASE_URL is needed",
    },
  },
  examples: [
    {
      command: "scripts/compare_sweep_parallel.ts --hours 72 --baseline local-timer --candidate k8s-cronjob",
      says: "may the CronJob take over from the timer? Exit 0: ready; 1: not ready; 2: not enough evidence",
    },
    {
      command:
        "scripts/compare_sweep_parallel.ts --hours 72 --baseline local-timer --candidate k8s-cronjob --via http://127.0.0.1:8000",
      says: "the same, from a hub that serves",
    },
  ],
  run: async ({ via, ...terms }, io) => {
    const { comparisonOutcome } = await import("../lib/compare/compare_command.ts");
    const { requireTwoSources } = await import("../lib/compare/compare_runs.ts");
    requireTwoSources(terms);
    const comparison = await (via === undefined ? compareHere(terms, io) : compareThere(terms, via, io));
    return comparisonOutcome(comparison, via ?? null);
  },
});

if (import.meta.main) await main(script);
