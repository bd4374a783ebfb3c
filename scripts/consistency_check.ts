#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Reconciles workplan files with the State Hub: the main job.
import { defineScript } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { type Config, readConfig } from "../lib/config.ts";
import type { RemoteOptions } from "../lib/consistency/check_fleet.ts";
import { usageFailure } from "../lib/failure.ts";

/** The timer's interval leaves room for three of them. */
const SWEEP_SECONDS = 300;

function writeBackFlag(given: boolean | undefined): string[] {
  return given === undefined ? [] : [given ? "--write-back" : "--no-write-back"];
}

interface RemoteArguments {
  readonly remote: boolean;
  readonly "write-back"?: boolean | undefined;
  readonly concurrency: number;
  readonly "per-host": number;
}

/** What a run may do with remotes; the embedded hub is a throw-away one, whose ids must not reach real files by default. */
async function remotesFor(args: RemoteArguments, { database, stateHubHome }: Config): Promise<RemoteOptions | null> {
  const writeBack = args["write-back"];
  if (!args.remote) {
    if (writeBack === undefined) return null;
    throw usageFailure("Could not use --write-back", {
      observed: "no --remote",
      hint: "scripts/consistency_check.ts --help",
    });
  }
  const { hubKeyOf } = await import("../lib/db/hub_key.ts");
  return {
    home: stateHubHome,
    writeBack: writeBack ?? database.kind !== "embedded",
    atOnce: args.concurrency,
    perHost: args["per-host"],
    hubKey: hubKeyOf(database),
  };
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
      choices: ["manual", "local-timer", "activity-core", "k8s-cronjob", "git-hook", "api"],
      default: "manual",
      describe: "Who started the run; kept in its report",
    },
  },
  examples: [
    { command: "scripts/consistency_check.ts --repo .", says: "this repository, registered if it is new" },
    { command: "scripts/consistency_check.ts --all --dry-run", says: "what a run over every repository would do" },
    { command: "scripts/consistency_check.ts --remote --all", says: "the scheduled sweep: remotes, with write-back" },
    { command: "scripts/consistency_check.ts --all --plan p.json", says: "the same, kept to be read and then applied" },
    { command: "scripts/consistency_check.ts --apply p.json", says: "exactly that, or nothing" },
    { command: "scripts/consistency_check.ts --all --json", says: "the report as one JSON document" },
  ],
  run: async (args, io) => {
    const config = readConfig();
    const { openHub } = await import("../lib/hub/open_hub.ts");
    const { askedRun } = await import("../lib/consistency/saved_plan/plan_flags.ts");
    const { runAsAsked } = await import("../lib/consistency/saved_plan/run_as_asked.ts");
    const { recordSweep, recordUnendedSweep } = await import("../lib/activity/activity_run.ts");
    const { nextCommand } = await import("../lib/consistency/next_command.ts");
    const { renderReport } = await import("../lib/consistency/report_view.ts");
    const asked = await askedRun(args);
    const remotes = await remotesFor({ ...args, remote: asked.remote, "write-back": asked.writeBack }, config);
    const { result, plan } = await runAsAsked(asked, args, {
      connect: () => openHub(config, { applicationName: "consistency_check", io }),
      scope: asked.scope,
      host: config.host,
      source: args.source,
      dryRun: args["dry-run"],
      full: args.full,
      strict: args.strict ?? (remotes === null || !("all" in asked.scope)),
      // A plan that is half done because of a usual budget would need a new one.
      maxSeconds: args["max-seconds"] ?? (remotes === null || asked.plan !== null ? null : SWEEP_SECONDS),
      remotes,
      activity: { ended: recordSweep, neverEnded: recordUnendedSweep },
      signal: io.signal,
      progress: io.progress,
    });
    return {
      exitCode: result.report.exit_code,
      document: {
        ...result.report,
        plan: plan === null ? null : { file: plan.file, digest: plan.digest },
        remarks: result.remarks,
        human_gates: result.humanGates,
        waived: result.waived,
      },
      render: (view) => [renderReport(result, view), ...(plan === null ? [] : [plan.line])].join("\n\n"),
      next: plan?.next ?? nextCommand(result, args.repo ?? null, writeBackFlag(asked.writeBack)),
      degraded: result.remarks,
    };
  },
});

if (import.meta.main) await main(script);
