#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Takes backups of a State Hub or any other PostgreSQL database, and proves that they can be restored, exactly.
import { join, resolve } from "node:path";
import { command, defineScript, type Io } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { databaseUrlOfFlag, environmentForPrograms, readConfig } from "../lib/config.ts";
import type { DrillFlags } from "../lib/drill/commands/drill_flags.ts";
import { jobsOf, WORK_FLAGS, type WorkFlags } from "../lib/drill/commands/work_flags.ts";
import type { Terms } from "../lib/drill/terms.ts";

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

const DATABASE = { kind: "string", placeholder: "NAME" } as const;

/** What every command that works is told. */
async function termsOf(args: WorkFlags, io: Io): Promise<Terms> {
  const { versionOf } = await import("../lib/cli/help.ts");
  const { identityOf } = await import("../lib/hub/identity.ts");
  const { summaryAt } = await import("../lib/hub/summary_at.ts");
  const { stepText } = await import("../lib/drill/step_text.ts");
  const { stateHubHome: home } = readConfig();
  return {
    env: environmentForPrograms(),
    home,
    workspace: args.workspace === undefined ? join(home, "drill") : resolve(args.workspace),
    jobs: jobsOf(args),
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

/** The live database, opened when it is asked for; and the hub that is told of what was done. */
async function databasesOf({ progress, signal }: Io) {
  const { liveUrl, hubToTell } = await import("../lib/drill/source/live_database.ts");
  const where = { config: readConfig(), env: environmentForPrograms(), progress, signal };
  return { live: () => liveUrl(where), tell: () => hubToTell(where) };
}

interface DrillArguments extends WorkFlags, DrillFlags {
  readonly into?: string | undefined;
}

async function drillOf(args: DrillArguments, io: Io) {
  const { askedDrill } = await import("../lib/drill/commands/drill_flags.ts");
  const asked = askedDrill(args);
  const into = args.into === undefined ? null : databaseUrlOfFlag("--into", args.into);
  const { live, tell } = await databasesOf(io);
  const { drillCommand } = await import("../lib/drill/commands/drill_command.ts");
  const source = args["from-store"] === undefined ? live : null;
  return drillCommand({ ...asked, live: source, into, tell }, await termsOf(args, io));
}

async function backupOf(args: WorkFlags & { readonly store: string; readonly encrypt?: string | undefined }, io: Io) {
  const { recipientsOf } = await import("../lib/drill/commands/drill_flags.ts");
  const { backupCommand } = await import("../lib/drill/commands/backup_command.ts");
  const { live } = await databasesOf(io);
  const asked = { live, store: args.store, recipients: recipientsOf(args.encrypt) };
  return backupCommand(asked, await termsOf(args, io));
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
        database: {
          ...DATABASE,
          describe: "With --from-store: of this database, where the store holds those of several",
        },
        into: {
          kind: "string",
          placeholder: "URL",
          describe: "Restore for real into this empty database: a URL without password, env:NAME or file:PATH",
        },
        ...WORK_FLAGS,
      },
      run: drillOf,
    }),
    command({
      name: "backup",
      promise: "Takes a backup into a store; the manifest is written last, and without it there is no backup.",
      flags: { store: { ...STORE, required: true }, encrypt: ENCRYPT, ...WORK_FLAGS },
      run: backupOf,
    }),
    command({
      name: "list",
      promise: "Shows what is stored, how old it is, and when and by which drill it was verified.",
      flags: {
        store: { ...STORE, required: true },
        database: { ...DATABASE, describe: "Those of this database alone, where the store holds those of several" },
      },
      run: async ({ store, database }, io) => {
        const { listCommand } = await import("../lib/drill/commands/list_command.ts");
        return listCommand(storeTerms(store, io), database ?? null);
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
      run: async ({ store, ...args }, io) => {
        const { askedPrune } = await import("../lib/drill/commands/drill_flags.ts");
        const { pruneCommand } = await import("../lib/drill/commands/prune_command.ts");
        return pruneCommand(storeTerms(store, io), askedPrune(args));
      },
    }),
  ],
});

function storeTerms(store: string, io: Io) {
  return { store, home: readConfig().stateHubHome, env: environmentForPrograms(), signal: io.signal };
}

if (import.meta.main) await main(script);
