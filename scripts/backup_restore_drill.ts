#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Takes backups of a State Hub or any other PostgreSQL database, and proves that they can be restored, exactly.
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { command, defineScript, type Io } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { databaseUrlOfFlag, environmentForPrograms, readConfig } from "../lib/config.ts";
import type { Terms } from "../lib/drill/terms.ts";
import { OpsFailure, usageFailure } from "../lib/failure.ts";
import type { Secret } from "../lib/secret.ts";

interface WorkArguments {
  readonly jobs?: number | undefined;
  readonly "lock-wait": number;
  readonly workspace?: string | undefined;
}

/** More would only wait for each other: the usual host has few disks. */
const MOST_JOBS = 4;

const WORK = {
  jobs: {
    kind: "integer",
    min: 1,
    max: 16,
    describe: "Sessions at work on the live server, and programs here, at once (default: one a processor, at most 4)",
  },
  "lock-wait": {
    kind: "integer",
    min: 1,
    max: 3_600,
    default: 30,
    placeholder: "SECONDS",
    describe: "How long to wait for a table that somebody has locked",
  },
  workspace: {
    kind: "string",
    placeholder: "DIR",
    describe: "Where a copy may lie while this runs, instead of below STATE_HUB_HOME; it is taken away again",
  },
} as const;
const ENCRYPT = {
  kind: "string",
  placeholder: "RECIPIENT",
  describe: "Encrypt for this public key of age or ssh, or those in this file; several are separated by commas",
} as const;
const STORE = {
  kind: "string",
  placeholder: "TARGET",
  describe: "Where backups are kept: a folder, or sftp://USER@HOST/PATH",
} as const;

/** What every command that works is told. */
async function termsOf(args: WorkArguments, io: Io): Promise<Terms> {
  const { versionOf } = await import("../lib/cli/help.ts");
  const { identityOf } = await import("../lib/hub/identity.ts");
  const { summaryAt } = await import("../lib/hub/summary_at.ts");
  const { stepText } = await import("../lib/drill/step_text.ts");
  const { stateHubHome: home } = readConfig();
  return {
    env: environmentForPrograms(),
    home,
    workspace: args.workspace === undefined ? join(home, "drill") : resolve(args.workspace),
    jobs: args.jobs ?? Math.min(MOST_JOBS, availableParallelism()),
    lockWaitMs: args["lock-wait"] * 1_000,
    hub: {
      identityOf,
      summaryAt,
      // Loaded when a copy holds a hub: it is the whole of its routes.
      serveReadOnly: async (options) => (await import("../lib/hub/serve_read_only.ts")).serveReadOnly(options),
    },
    toolkit: await versionOf(),
    signal: io.signal,
    onProgress: (progress) => io.progress(progress.stage, undefined, stepText(progress)),
    note: io.note,
  };
}

/** The live database's URL; the embedded server is started when it does not run. */
async function liveUrl(io: Io): Promise<Secret> {
  const { database } = readConfig();
  if (database.kind === "url") return database.url;
  if (database.kind === "embedded") return embeddedUrl(io);
  throw new OpsFailure("Could not find the live database", {
    observed: "DATABASE_URL is not set",
    expected: "postgres://USER@HOST:PORT/DATABASE, or the word embedded",
    hint: "scripts/backup_restore_drill.ts --help",
  });
}

async function embeddedUrl(io: Io): Promise<Secret> {
  const { startEmbedded } = await import("../lib/postgres/start_embedded.ts");
  const { serverDataDirectory } = await import("../lib/db/connect.ts");
  const { url } = await startEmbedded({
    home: readConfig().stateHubHome,
    env: environmentForPrograms(),
    connect: serverDataDirectory,
    progress: io.progress,
    signal: io.signal,
  });
  return url;
}

/** The hub that is told of what was done. None is started for that alone. */
async function hubToTell(io: Io): Promise<Secret | null> {
  const { database, stateHubHome: home } = readConfig();
  if (database.kind !== "embedded") return database.kind === "url" ? database.url : null;
  const { embeddedStatus } = await import("../lib/postgres/embedded_status.ts");
  return embeddedStatus({ home }).state === "running" ? embeddedUrl(io) : null;
}

function recipientsOf(encrypt: string | undefined): string[] {
  return (encrypt ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** ISO 8601 with its zone: a moment that two people would read in two ways is refused. */
function momentOf(at: string | undefined): Date | null {
  if (at === undefined) return null;
  const moment = new Date(at);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(at) && !Number.isNaN(moment.getTime()))
    return moment;
  throw wrongFlag("--at", at, "ISO 8601 with its zone, such as 2026-11-21T06:00:00Z");
}

function wrongFlag(flag: string, observed: string, expected: string): OpsFailure {
  return usageFailure(`Could not use ${flag}`, { observed, expected, hint: "scripts/backup_restore_drill.ts --help" });
}

interface DrillArguments extends WorkArguments {
  readonly encrypt?: string | undefined;
  readonly identity?: string | undefined;
  readonly store?: string | undefined;
  readonly "from-store"?: string | undefined;
  readonly at?: string | undefined;
  readonly into?: string | undefined;
}

async function drillOf(args: DrillArguments, io: Io) {
  const { store, "from-store": fromStore, encrypt, identity } = args;
  if (fromStore !== undefined && (store !== undefined || encrypt !== undefined))
    throw wrongFlag("--from-store", `${store === undefined ? "--encrypt" : "--store"} beside it`, "one of the two");
  if (fromStore === undefined && args.at !== undefined)
    throw wrongFlag("--at", "no --from-store", "a store to look in");
  if (encrypt !== undefined && identity === undefined)
    throw wrongFlag("--encrypt", "no --identity", "the key's file as well: a drill opens what it has encrypted");
  const asked = {
    live: fromStore === undefined ? () => liveUrl(io) : null,
    store: fromStore ?? store ?? null,
    at: momentOf(args.at),
    recipients: recipientsOf(encrypt),
    identity: identity ?? null,
    into: args.into === undefined ? null : databaseUrlOfFlag("--into", args.into),
    tell: () => hubToTell(io),
  };
  const { drillCommand } = await import("../lib/drill/drill_command.ts");
  return drillCommand(asked, await termsOf(args, io));
}

export const script = defineScript({
  name: "backup_restore_drill.ts",
  promise:
    "Takes backups of a State Hub, or of any PostgreSQL database, and proves that they can be restored, exactly.",
  reads: [
    "the database that DATABASE_URL names, in one snapshot; with --from-store nothing of it",
    "backups in the store, and the file of --identity",
  ],
  writes: [
    "a copy on a server of its own, which is gone when it ends; with --into the database that was named",
    "the report below STATE_HUB_HOME/evidence, and a progress event in the State Hub",
    "backup, and a drill with --store: a backup in the store; prune --apply: nothing but the backups that its plan names",
  ],
  examples: [
    { command: "scripts/backup_restore_drill.ts", says: "dump, restore into a throw-away server, compare every row" },
    {
      command: "scripts/backup_restore_drill.ts backup --store /backups --encrypt recipients.txt",
      says: "take an encrypted backup",
    },
    { command: "scripts/backup_restore_drill.ts list --store /backups", says: "what is stored, and what was proven" },
    {
      command: "scripts/backup_restore_drill.ts --from-store /backups --identity key.txt",
      says: "prove the newest backup; the live server may be down",
    },
    {
      command: "scripts/backup_restore_drill.ts --from-store /backups --identity key.txt --into env:TARGET_URL",
      says: "restore for real into an empty database, and compare",
    },
    { command: "scripts/backup_restore_drill.ts prune --store /backups --keep-last 7", says: "which backups would go" },
  ],
  commands: [
    command({
      name: "",
      promise:
        "Restores a copy and compares it with its source: rows, sequences, definitions, rights, the hub's answers.",
      flags: {
        encrypt: ENCRYPT,
        identity: { kind: "string", placeholder: "FILE", describe: "The key that opens what is encrypted" },
        store: { ...STORE, describe: "Take a backup into this folder or sftp://USER@HOST/PATH, and drill that" },
        "from-store": { ...STORE, describe: "Drill what is stored there, without the live database" },
        at: {
          kind: "string",
          placeholder: "TIME",
          describe: "With --from-store: the newest backup of that time or before",
        },
        into: {
          kind: "string",
          placeholder: "URL",
          describe: "Restore for real into this empty database: a URL without password, env:NAME or file:PATH",
        },
        ...WORK,
      },
      run: drillOf,
    }),
    command({
      name: "backup",
      promise: "Takes a backup into a store; the manifest is written last, and without it there is no backup.",
      flags: { store: { ...STORE, required: true }, encrypt: ENCRYPT, ...WORK },
      run: async (args, io) => {
        const { backupCommand } = await import("../lib/drill/backup_command.ts");
        const asked = { live: () => liveUrl(io), store: args.store, recipients: recipientsOf(args.encrypt) };
        return backupCommand(asked, await termsOf(args, io));
      },
    }),
    command({
      name: "list",
      promise: "Shows what is stored, how old it is, and when and by which drill it was verified.",
      flags: { store: { ...STORE, required: true } },
      run: async ({ store }, io) => {
        const { listCommand } = await import("../lib/drill/list_command.ts");
        return listCommand(storeTerms(store, io));
      },
    }),
    command({
      name: "prune",
      promise: "Removes old backups: a plan first, then with --apply what it says; never the last good one.",
      flags: {
        store: { ...STORE, required: true },
        "keep-last": { kind: "integer", min: 1, max: 10_000, describe: "Keep the newest so many" },
        "keep-days": { kind: "integer", min: 1, max: 36_500, describe: "Keep those of so many days" },
        plan: { kind: "string", placeholder: "FILE", describe: "Keep the plan there instead of below STATE_HUB_HOME" },
        apply: { kind: "string", placeholder: "FILE", describe: "Remove what the plan in FILE says" },
      },
      run: async ({ store, plan, apply, ...args }, io) => {
        if (plan !== undefined && apply !== undefined) throw wrongFlag("--plan", "--apply beside it", "one of the two");
        const keep = { last: args["keep-last"] ?? null, days: args["keep-days"] ?? null };
        if (apply !== undefined && (keep.last !== null || keep.days !== null))
          throw wrongFlag("--apply", "--keep-last or --keep-days beside it", "what is kept stands in the plan");
        if (apply === undefined && keep.last === null && keep.days === null)
          throw wrongFlag("prune", "neither --keep-last nor --keep-days", "what is to be kept");
        const { pruneCommand } = await import("../lib/drill/prune_command.ts");
        return pruneCommand(storeTerms(store, io), { keep, plan: plan ?? null, apply: apply ?? null });
      },
    }),
  ],
});

function storeTerms(store: string, io: Io) {
  return { store, home: readConfig().stateHubHome, env: environmentForPrograms(), signal: io.signal };
}

if (import.meta.main) await main(script);
