#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Looks after the runbooks: which there are, and whether what they say can still be typed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command, defineScript, type Io, type Script } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { type Config, environmentForPrograms, readConfig, wholeEnvironment } from "../lib/config.ts";
import type { RunRequest } from "../lib/runbook/run/run_runbook.ts";
import type { Secret } from "../lib/secret.ts";

const ROOT = join(import.meta.dir, "..");

/** By its file's name; null for what is none of the scripts. It only defines itself: nothing is run. */
async function scriptNamed(name: string): Promise<Script | null> {
  // This one is not loaded a second time: it would wait for its own end.
  if (name === script.name) return script;
  if (!/^[a-z_]+\.ts$/.test(name) || !existsSync(join(import.meta.dir, name))) return null;
  return ((await import(`./${name}`)) as { script: Script }).script;
}

/** The hub's database; null: none is named, or the embedded server does not run. It is not started for one event. */
async function databaseUrl({ database, stateHubHome: home }: Config): Promise<Secret | null> {
  if (database.kind === "url") return database.url;
  if (database.kind === "unset") return null;
  const { embeddedStatus } = await import("../lib/postgres/embedded_status.ts");
  if (embeddedStatus({ home }).state !== "running") return null;
  const { startEmbedded } = await import("../lib/postgres/start_embedded.ts");
  const { serverDataDirectory } = await import("../lib/db/connect.ts");
  const { url } = await startEmbedded({ home, env: environmentForPrograms(), connect: serverDataDirectory });
  return url;
}

async function run(request: RunRequest, io: Io) {
  const [{ runRunbook }, { terminalAsker }] = await Promise.all([
    import("../lib/runbook/run/run_runbook.ts"),
    import("../lib/cli/ask_on_terminal.ts"),
  ]);
  const config = readConfig();
  const { stateHubHome, host } = config;
  const around = { env: wholeEnvironment(), stateHubHome, host, databaseUrl: () => databaseUrl(config) };
  return runRunbook(request, { ...around, asker: terminalAsker() }, io);
}

export const script: Script = defineScript({
  name: "runbook.ts",
  promise: "Looks after the runbooks: lists them, runs them, and finds what in them can no longer be typed.",
  reads: ["the pages in runbooks/, and the README files beside them", "the flag table of each script that they name"],
  writes: [
    "nothing, unless a runbook is run: then what its blocks write",
    "of a run: its transcript in $STATE_HUB_HOME/runbooks, and a progress event when DATABASE_URL answers",
  ],
  examples: [
    { command: "scripts/runbook.ts list", says: "which runbooks there are, and when each was rehearsed" },
    { command: "scripts/runbook.ts lint", says: "every page, every command in it, every link" },
    { command: "scripts/runbook.ts lint state_hub", says: "one of them" },
    { command: "scripts/runbook.ts run state_hub --dry-run", says: "which blocks it would run, and what is not set" },
  ],
  commands: [
    command({
      name: "list",
      promise: "Lists the runbooks: what for, how many blocks of each class, when last rehearsed.",
      run: async () => (await import("../lib/runbook/list_runbooks.ts")).listRunbooks(ROOT),
    }),
    command({
      name: "lint",
      promise: "Checks headings, blocks, commands and links; exit 1 for a problem.",
      positional: { name: "runbook", describe: "Its name or file (default: all pages)", many: true },
      run: async ({ runbook: names = [] }, { signal }) =>
        (await import("../lib/runbook/lint_runbooks.ts")).lintRunbooks({
          root: ROOT,
          names,
          scriptNamed,
          env: environmentForPrograms(),
          signal,
        }),
    }),
    command({
      name: "run",
      promise: "Runs a runbook's blocks in one bash, and compares what they print; exit 1 when one fails.",
      positional: { name: "runbook", describe: "Its name or file", required: true },
      flags: {
        from: { kind: "string", placeholder: "BLOCK", describe: "Begin with this block: where an earlier run stopped" },
        only: { kind: "string", placeholder: "BLOCK,...", describe: "Run these blocks alone, without clean-up" },
        all: { kind: "boolean", describe: "Also how to go back, and what to do if it refuses: for rehearsals" },
        confirm: {
          kind: "string",
          placeholder: "BLOCK=WORD,...",
          describe: "Let dangers run without asking: the word that the page names",
        },
        timeout: {
          kind: "integer",
          min: 1,
          max: 86_400,
          placeholder: "SECONDS",
          describe: "For each block; 300 unless given",
        },
        "dry-run": { kind: "boolean", describe: "Show what would run, and what is missing; run nothing" },
      },
      examples: [
        { command: "scripts/runbook.ts run consistency_sweep --only look-status", says: "one block, and its output" },
        { command: "scripts/runbook.ts run state_hub --from migrate-status --dry-run", says: "from a block on" },
        {
          command: "scripts/runbook.ts run git_hook --only install-dry-run,install --confirm install=install",
          says: "with nobody at the terminal",
        },
      ],
      run: async ({ runbook, from, only, all, confirm, timeout, "dry-run": dryRun }, io) =>
        run({ root: ROOT, runbook, from, only, all, confirm, dryRun, timeoutSeconds: timeout }, io),
    }),
  ],
});

if (import.meta.main) await main(script);
