#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Reconciles workplan files with the State Hub: the main job.
import { defineScript } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { readConfig } from "../lib/config.ts";

export const script = defineScript({
  name: "consistency_check.ts",
  promise: "Reconciles workplan files and the State Hub, and says what needs a person.",
  reads: [
    "the tip of each repository's default branch, as its local checkout has it (no network)",
    "uncommitted edits below workplans/: checked and reported, never applied",
  ],
  writes: [
    "rows of the State Hub; corrections that files need are noted there",
    "nothing in any repository; nothing at all with --dry-run",
  ],
  flags: {
    repo: {
      kind: "string",
      placeholder: "PATH|SLUG",
      describe: "One repository: a path if it has a slash or a dot, else a slug; an unregistered path is registered",
    },
    all: { kind: "boolean", describe: "Every registered repository" },
    "dry-run": { kind: "boolean", describe: "Work everything out, show it, and roll it back" },
    full: { kind: "boolean", describe: "Read every workplan again, even where nothing seems to have changed" },
    strict: {
      kind: "boolean",
      negatable: true,
      describe: "Exit 1 when errors are open (the default here); --no-strict exits 0",
    },
    source: {
      kind: "choice",
      choices: ["manual", "local-timer", "activity-core", "k8s-cronjob", "git-hook", "api"],
      default: "manual",
      describe: "Who started the run; kept in its report",
    },
  },
  exactlyOneOf: [["repo", "all"]],
  examples: [
    { command: "scripts/consistency_check.ts --repo .", says: "this repository, registered if it is new" },
    { command: "scripts/consistency_check.ts --all --dry-run", says: "what a run over every repository would do" },
    { command: "scripts/consistency_check.ts --all --json", says: "the report as one JSON document" },
  ],
  run: async (args, io) => {
    const config = readConfig();
    const { openHub } = await import("../lib/hub/open_hub.ts");
    const { checkFleet } = await import("../lib/consistency/check_fleet.ts");
    const { nextCommand, readAsPath } = await import("../lib/consistency/next_command.ts");
    const { renderReport } = await import("../lib/consistency/report_view.ts");
    const { repo } = args;
    const scope = repo === undefined ? { all: true as const } : readAsPath(repo) ? { path: repo } : { slug: repo };
    const result = await checkFleet({
      connect: () => openHub(config, { applicationName: "consistency_check", io }),
      scope,
      host: config.host,
      source: args.source,
      dryRun: args["dry-run"],
      full: args.full,
      strict: args.strict ?? true,
      signal: io.signal,
      progress: io.progress,
    });
    return {
      exitCode: result.report.exit_code,
      document: {
        ...result.report,
        remarks: result.remarks,
        human_gates: result.humanGates,
        waived: result.waived,
      },
      render: (view) => renderReport(result, view),
      next: nextCommand(result, repo ?? null),
      degraded: result.remarks,
    };
  },
});

if (import.meta.main) await main(script);
