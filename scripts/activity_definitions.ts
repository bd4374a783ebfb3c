#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// What runs on a schedule, written down once: shows the definitions, and holds units, CronJobs and the hub's table to them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { TableSight } from "../lib/activity/check_definitions.ts";
import { command, defineScript, type Io, type Script } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { parseArguments } from "../lib/cli/parse_arguments.ts";
import { readConfig } from "../lib/config.ts";
import type { Database } from "../lib/db/connect.ts";
import { describeFailure, OpsFailure } from "../lib/failure.ts";

interface FolderArguments {
  readonly definitions?: string | undefined;
  readonly root?: string | undefined;
}

const FOLDERS = {
  definitions: { kind: "string", placeholder: "DIR", describe: "Another folder of definitions than the toolkit's own" },
  root: {
    kind: "string",
    placeholder: "DIR",
    describe: "Another folder than the toolkit's, with systemd/active and k8s/apps in it",
  },
} as const;

// Loaded by the command that needs them: --help needs none.
const commands = () => import("../lib/activity/definition_commands.ts");

async function requestFor({ definitions: folder, root }: FolderArguments) {
  return { folder, root, parse: await instructionParser() };
}

interface Loaded {
  readonly script: Script;
}

/** Each script is asked whether it would accept an instruction; none is run. */
async function instructionParser(): Promise<(line: string) => void> {
  const files = readdirSync(import.meta.dir).filter((name) => name.endsWith(".ts") && name !== script.name);
  const loaded = await Promise.all(
    files.map(async (name) => ((await import(join(import.meta.dir, name))) as Loaded).script),
  );
  // This one is still being loaded: whoever imported it here would wait for itself.
  const scripts = new Map([script, ...loaded].map((each) => [`scripts/${each.name}`, each]));
  return (line) => {
    const [name = "", ...words] = line.split(" ");
    const found = scripts.get(name);
    if (found) return void parseArguments(found, words);
    throw new OpsFailure("Could not find the script", {
      observed: name,
      expected: "a script of this toolkit",
      hint: "ls scripts",
    });
  };
}

async function withHub<T>(io: Io, access: "read-only" | "read-write", work: (hub: Database) => Promise<T>): Promise<T> {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const { databaseFailure } = await import("../lib/db/database_failure.ts");
  const hub = await openHub(readConfig(), { applicationName: "activity_definitions", io, access });
  try {
    return await work(hub);
  } catch (error) {
    throw databaseFailure("Could not do it in the State Hub", error);
  } finally {
    await hub.close();
  }
}

/** A hub that can't be asked must not hide what is known of the files. */
async function lookAtTable(io: Io): Promise<TableSight> {
  if (!hasHub()) return { state: "unread", why: NO_HUB };
  const { definitionRows } = await import("../lib/activity/definition_rows.ts");
  try {
    return { state: "read", rows: await withHub(io, "read-only", (hub) => definitionRows(hub.sql)) };
  } catch (error) {
    if (io.signal.aborted || !(error instanceof OpsFailure) || error.kind === "usage") throw error;
    return { state: "unread", why: describeFailure(error) };
  }
}

const NO_HUB = "DATABASE_URL is not set";

function hasHub(): boolean {
  return readConfig().database.kind !== "unset";
}

export const script = defineScript({
  name: "activity_definitions.ts",
  promise: "Holds units, CronJobs and the hub's table to what the activity definitions say.",
  reads: [
    "k8s/activity-definitions/*.md: what runs, when, and for how long at most",
    "the files rendered from them: systemd/active and k8s/apps",
    "the table activity.activity_definitions of the State Hub that DATABASE_URL names",
  ],
  writes: [
    "render: units and CronJobs of this toolkit's folder; nothing is installed or applied",
    "sync: rows of that table; none is ever deleted",
    "list, check and every --dry-run: nothing",
  ],
  examples: [
    { command: "scripts/activity_definitions.ts list", says: "what runs, when next, and whether the hub knows" },
    { command: "scripts/activity_definitions.ts check", says: "whether everything says what the definitions say" },
    { command: "scripts/activity_definitions.ts check --files", says: "the same without a hub, as for CI" },
    { command: "scripts/activity_definitions.ts render --dry-run", says: "which files would be written" },
    { command: "scripts/activity_definitions.ts sync --dry-run", says: "which rows would change" },
  ],
  commands: [
    command({
      name: "list",
      promise: "Lists the definitions, when each is due next, and files that are broken.",
      flags: { definitions: FOLDERS.definitions },
      run: async (args, io) => {
        const table = hasHub() ? await lookAtTable(io) : ({ state: "left_out", why: NO_HUB } as const);
        return (await commands()).listDefinitions(await requestFor(args), table, new Date());
      },
    }),
    command({
      name: "check",
      promise: "Says whether units, CronJobs and the hub's table say what the definitions say.",
      flags: { ...FOLDERS, files: { kind: "boolean", describe: "Leave the hub's table out" } },
      run: async ({ files, ...folders }, io) => {
        const table = files ? ({ state: "left_out", why: "--files" } as const) : await lookAtTable(io);
        return (await commands()).showCheck(await requestFor(folders), table);
      },
    }),
    command({
      name: "render",
      promise: "Writes the units and CronJobs that follow from the definitions.",
      flags: { ...FOLDERS, "dry-run": { kind: "boolean", describe: "Say which files would be written" } },
      run: async ({ "dry-run": dryRun, ...folders }) => (await commands()).render(await requestFor(folders), dryRun),
    }),
    command({
      name: "sync",
      promise: "Brings the hub's table to what the definitions say; rows without a file are disabled, none is deleted.",
      flags: {
        definitions: FOLDERS.definitions,
        "dry-run": { kind: "boolean", describe: "Say which rows would change" },
      },
      run: async ({ "dry-run": dryRun, ...folders }, io) => {
        const request = await requestFor(folders);
        return withHub(io, dryRun ? "read-only" : "read-write", async (hub) =>
          (await commands()).sync(hub, request, dryRun),
        );
      },
    }),
  ],
});

if (import.meta.main) await main(script);
