#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Reconciles workplan files with the State Hub: the main job.
import { defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { type Config, readConfig, readServiceConfig } from "../lib/config.ts";
import type { RemoteOptions } from "../lib/consistency/check_options.ts";
import { SOURCES, type Source } from "../lib/consistency/report.ts";
import type { RunFlags } from "../lib/consistency/saved_plan/plan_flags.ts";
import { usageFailure } from "../lib/failure.ts";
import { REQUIREMENTS, type Requirement } from "../lib/schedule/requirement.ts";

/** As near to the moment at which a schedule fired as this process knows. */
const STARTED_AT = new Date();

function writeBackFlag(given: boolean | undefined): string[] {
  return given === undefined ? [] : [given ? "--write-back" : "--no-write-back"];
}

interface RemoteArguments {
  readonly remote: boolean;
  readonly "write-back"?: boolean | undefined;
  readonly concurrency: number;
  readonly "per-host": number;
}

async function remotesFor(args: RemoteArguments, config: Config): Promise<RemoteOptions | null> {
  const writeBack = args["write-back"];
  if (!args.remote) {
    if (writeBack === undefined) return null;
    throw usageFailure("Could not use --write-back", {
      observed: "no --remote",
      hint: "scripts/consistency_check.ts --help",
    });
  }
  const { remoteOptions } = await import("../lib/consistency/commands/remote_runs.ts");
  return remoteOptions(config, { writeBack, atOnce: args.concurrency, perHost: args["per-host"] });
}

interface CheckArguments extends RemoteArguments, RunFlags {
  readonly "max-seconds"?: number | undefined;
  readonly strict?: boolean | undefined;
  readonly source: Source;
  readonly requires?: Requirement | undefined;
  readonly "requires-within"?: number | undefined;
  readonly "run-id"?: string | undefined;
}

async function runHere(args: CheckArguments, io: Io): Promise<Outcome> {
  const config = readConfig();
  const { askedRun } = await import("../lib/consistency/saved_plan/plan_flags.ts");
  const { runAsAsked } = await import("../lib/consistency/saved_plan/run_as_asked.ts");
  const { isStrict, REMOTE_RUN_SECONDS } = await import("../lib/consistency/commands/remote_runs.ts");
  const { runOutcome } = await import("../lib/consistency/run_outcome.ts");
  const { sweepRecorder } = await import("../lib/activity/activity_run.ts");
  const asked = await askedRun(args);
  const remotes = await remotesFor({ ...args, remote: asked.remote, "write-back": asked.writeBack }, config);
  const runId = await nameOf(args);
  const hub = await connectorFor(args, runId, config, io);
  if (hub.away !== null) return skipped(args, runId, hub.away);
  const { result, plan } = await runAsAsked(asked, args, {
    connect: hub.connect,
    scope: asked.scope,
    host: config.host,
    source: args.source,
    ...(runId === undefined ? {} : { runId }),
    dryRun: args["dry-run"],
    full: args.full,
    strict: args.strict ?? isStrict(remotes, asked.scope),
    // A plan that is half done because of a usual budget would need a new one.
    maxSeconds: args["max-seconds"] ?? (remotes === null || asked.plan !== null ? null : REMOTE_RUN_SECONDS),
    remotes,
    activity: sweepRecorder,
    signal: io.signal,
    progress: io.progress,
  });
  return runOutcome(result, plan, { repo: args.repo ?? null, flags: writeBackFlag(asked.writeBack) });
}

/** Opens the hub when the run asks for it; where the run requires it, now. */
async function connectorFor(args: CheckArguments, runId: string | undefined, config: Config, io: Io) {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const open = () => openHub(config, { applicationName: "consistency_check", io });
  const named = async (name: string) =>
    (await import("../lib/consistency/commands/scheduled_flags.ts")).openForNamed(open, name);
  const connect = runId === undefined ? open : () => named(runId);
  if (args.requires === undefined) return { connect, away: null };
  const { openUnlessAway } = await import("../lib/db/open_unless_away.ts");
  const { hubKeyOf } = await import("../lib/db/hub_key.ts");
  const opened = await openUnlessAway(connect);
  if ("database" in opened) return { connect: async () => opened.database, away: null };
  return { connect, away: { found: opened.away, home: config.stateHubHome, hubKey: hubKeyOf(config.database) } };
}

/** The hub does it, and this machine needs no database. */
async function runThere(args: CheckArguments, via: string, io: Io): Promise<Outcome> {
  const { runViaHub } = await import("../lib/hub/via/run_via_hub.ts");
  const { REMOTE_RUN_SECONDS, REMOTES_AT_ONCE } = await import("../lib/consistency/commands/remote_runs.ts");
  const { resultFrom } = await import("../lib/consistency/read_result.ts");
  const { runOutcome } = await import("../lib/consistency/run_outcome.ts");
  const usual = { seconds: REMOTE_RUN_SECONDS, atOnce: REMOTES_AT_ONCE };
  const [{ token }, runId] = [readServiceConfig(), await nameOf(args)];
  const { signal, progress, note } = io;
  if (args.requires !== undefined) {
    const { unhealthyHub } = await import("../lib/hub/via/hub_health.ts");
    const { instanceKey } = await import("../lib/consistency/sweep/spool_folder.ts");
    const home = readConfig().stateHubHome;
    const patienceMs = (args["requires-within"] ?? 0) * 1_000;
    const away = await unhealthyHub({ via, token, home, patienceMs, signal });
    const hubKey = away === null || away.hub === null ? null : instanceKey(away.hub);
    if (away !== null) return skipped(args, runId, { found: away.found, home, hubKey });
  }
  const result = resultFrom(await runViaHub(args, { via, runId, token, usual, signal, progress, note }));
  return runOutcome(result, null, { repo: args.repo ?? null, flags: [] });
}

async function skipped(
  { source, requires = "state-hub.health" }: CheckArguments,
  runId: string | undefined,
  what: { readonly found: string; readonly home: string; readonly hubKey: string | null },
): Promise<Outcome> {
  const { skippedRun } = await import("../lib/consistency/commands/skipped_run.ts");
  const { SWEEP_DEFINITION_ID, sweepRecorder } = await import("../lib/activity/activity_run.ts");
  const run = { definitionId: SWEEP_DEFINITION_ID, runId, source, firedAt: STARTED_AT, requirement: requires };
  return skippedRun({ ...run, ...what, activity: sweepRecorder });
}

/** The name that the run was given; most are given none, and need not load what reads it. */
async function nameOf(args: CheckArguments): Promise<string | undefined> {
  if ((args["run-id"] ?? args.requires ?? args["requires-within"]) === undefined) return undefined;
  return (await import("../lib/consistency/commands/scheduled_flags.ts")).runIdOf(args);
}

export const script = defineScript({
  name: "consistency_check.ts",
  promise: "Reconciles workplan files and the State Hub, and says what needs a person.",
  reads: [
    "the tip of each repository's default branch: as its local checkout has it, or with --remote as its remote has it",
    "uncommitted edits below workplans/: checked and reported, never applied",
  ],
  writes: [
    "rows of the State Hub; corrections that files need are noted there",
    "with --remote: those corrections, as one commit a repository, pushed to its remote; clean checkouts follow",
    "without --remote: nothing in any repository; with --dry-run: nothing at all",
  ],
  flags: {
    repo: {
      kind: "string",
      placeholder: "PATH|SLUG",
      describe: "One repository: a path if it has a slash or a dot, else a slug; an unregistered path is registered",
    },
    all: { kind: "boolean", describe: "Every registered repository" },
    remote: {
      kind: "boolean",
      describe: "Read the remotes instead of local checkouts, and write corrections back to them",
    },
    "write-back": {
      kind: "boolean",
      negatable: true,
      describe: "Commit and push corrections (the default with --remote, but for the embedded hub)",
    },
    "max-seconds": {
      kind: "integer",
      min: 1,
      max: 86_400,
      describe: "Begin nothing new after so long (with --remote: 300 unless given); the rest comes first next time",
    },
    concurrency: { kind: "integer", min: 1, max: 64, default: 8, describe: "Remotes asked at once" },
    "per-host": { kind: "integer", min: 1, max: 64, default: 8, describe: "Of these, on one host" },
    via: {
      kind: "string",
      placeholder: "URL",
      describe:
        "Let the hub at this URL do it (with --remote; its token from STATE_HUB_TOKEN); no DATABASE_URL is needed",
    },
    requires: {
      kind: "choice",
      choices: REQUIREMENTS,
      describe: "Step aside, with exit 0 and a skipped run, when this is not there (with --remote --all)",
    },
    "requires-within": {
      kind: "integer",
      min: 1,
      max: 300,
      describe: "Ask the hub of --via again for so many seconds before stepping aside (default: it is asked once)",
    },
    "run-id": {
      kind: "string",
      placeholder: "UUID",
      describe: "What the run is to be called, so that its row can be found again (with --remote --all)",
    },
    "dry-run": { kind: "boolean", describe: "Work everything out, show it, and roll it back" },
    plan: {
      kind: "string",
      placeholder: "FILE",
      describe: "As --dry-run, and keep the exact rows and bytes in FILE, for somebody to read and then apply",
    },
    apply: {
      kind: "string",
      placeholder: "FILE",
      describe:
        "Do what the plan in FILE says, or nothing when anything has moved since; it says what the run is about",
    },
    full: { kind: "boolean", describe: "Read every workplan again, even where nothing seems to have changed" },
    strict: {
      kind: "boolean",
      negatable: true,
      describe: "Exit 1 when errors are open (the default but for --remote --all); --no-strict exits 0",
    },
    source: {
      kind: "choice",
      choices: SOURCES,
      default: "manual",
      describe: "Who started the run; kept in its report",
    },
  },
  examples: [
    { command: "scripts/consistency_check.ts --repo .", says: "this repository, registered if it is new" },
    { command: "scripts/consistency_check.ts --all --dry-run", says: "what a run over every repository would do" },
    { command: "scripts/consistency_check.ts --remote --all", says: "the scheduled sweep: remotes, with write-back" },
    {
      command: "scripts/consistency_check.ts --remote --all --via http://127.0.0.1:8000",
      says: "the same, done by a hub that serves, whatever becomes of the connection",
    },
    { command: "scripts/consistency_check.ts --all --plan p.json", says: "the same, kept to be read and then applied" },
    { command: "scripts/consistency_check.ts --apply p.json", says: "exactly that, or nothing" },
    { command: "scripts/consistency_check.ts --all --json", says: "the report as one JSON document" },
  ],
  run: (args, io) => (args.via === undefined ? runHere(args, io) : runThere(args, args.via, io)),
});

if (import.meta.main) await main(script);
