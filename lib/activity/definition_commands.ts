// The bodies of `activity_definitions.ts`: what they do, show, and say to type next.
import type { Outcome } from "../cli/define_script.ts";
import type { Database } from "../db/connect.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { type CheckedDefinitions, checkDefinitions, exitCodeOf, type TableSight } from "./check_definitions.ts";
import { renderCheck, renderList, renderRendered, renderSynced } from "./definition_view.ts";
import { type Difference, RENDER, SYNC } from "./difference.ts";
import { listedOf } from "./listed_definition.ts";
import type { ParseInstruction } from "./parse/meaning_problems.ts";
import { type Definitions, readDefinitions, requireDefinitions } from "./read_definitions.ts";
import { renderDefinitions } from "./render_definitions.ts";
import { DEFINITIONS_FOLDER, TOOLKIT_ROOT } from "./shipped_definitions.ts";
import { syncDefinitions } from "./sync_definitions.ts";

export interface DefinitionsRequest {
  /** Another folder of definitions than the toolkit's own; undefined for that one. */
  readonly folder: string | undefined;
  /** Another toolkit's folder than this one, for the files that are rendered. */
  readonly root: string | undefined;
  readonly parse: ParseInstruction;
}

const SCRIPT = "scripts/activity_definitions.ts";
const SHOWN_FOLDER = "k8s/activity-definitions";

/** @throws OpsFailure for a folder that can't be read, or has no definition */
function look({ folder, root, parse }: DefinitionsRequest) {
  const read = readDefinitions(folder ?? DEFINITIONS_FOLDER, parse);
  const shown = folder ?? SHOWN_FOLDER;
  const definitions: Definitions = {
    ...read,
    problems: read.problems.map((problem) => ({ ...problem, file: `${shown}/${problem.file}` })),
  };
  requireDefinitions(definitions);
  const command = (name: CommandName, ...flags: readonly string[]) => {
    const folders = [...flagOf("definitions", folder), ...(HAVE_ROOT.has(name) ? flagOf("root", root) : [])];
    return [SCRIPT, name, ...flags, ...folders].join(" ");
  };
  return { definitions, root: root ?? TOOLKIT_ROOT, command };
}

type CommandName = "list" | "check" | "render" | "sync";
type CommandLine = (name: CommandName, ...flags: readonly string[]) => string;
/** Those that look at rendered files; the others would refuse the flag. */
const HAVE_ROOT: ReadonlySet<CommandName> = new Set(["check", "render"]);

function flagOf(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, shellQuoted(value)];
}

/** @param now what the next slot is reckoned from */
export function listDefinitions(request: DefinitionsRequest, table: TableSight, now: Date): Outcome {
  const { definitions, command } = look(request);
  const listed = definitions.definitions.map((definition) => listedOf(definition, table, now));
  return {
    exitCode: definitions.problems.length > 0 ? 1 : table.state === "unread" ? 2 : 0,
    document: { definitions: listed, problems: definitions.problems, table: sightOf(table) },
    render: (view) => renderList(listed, definitions.problems, table, view),
    next: command("check"),
    ...degradedBy(table),
  };
}

/** @throws OpsFailure for a file that is there and can't be read */
export function showCheck(request: DefinitionsRequest, table: TableSight): Outcome {
  const { definitions, root, command } = look(request);
  const found = checkDefinitions(root, definitions, table);
  const differences = found.differences.map((each) => ({ ...each, remedy: remedyHere(each, request, command) }));
  const checked = { ...found, differences };
  return {
    exitCode: exitCodeOf(checked),
    document: {
      definitions: definitions.definitions.map(({ id, enabled }) => ({ id, enabled })),
      problems: definitions.problems,
      differences,
      table: sightOf(table),
    },
    render: (view) => renderCheck(checked, view),
    next: nextAfter(checked, command),
    ...degradedBy(table),
  };
}

function degradedBy(table: TableSight): Pick<Outcome, "degraded"> {
  return table.state === "unread" ? { degraded: [`the hub's table was not compared: ${table.why}`] } : {};
}

/** As it is typed for these folders. */
function remedyHere({ remedy }: Difference, { root }: DefinitionsRequest, command: CommandLine): string {
  if (remedy === RENDER) return command("render");
  if (remedy === SYNC) return command("sync");
  return root === undefined ? remedy : remedy.replace(/^git /, () => `git -C ${shellQuoted(root)} `);
}

function nextAfter({ differences, definitions, table }: CheckedDefinitions, command: CommandLine): string {
  const again = table.state === "left_out" ? command("check", "--files") : command("check");
  if (definitions.problems.length > 0) return again;
  if (differences.some(({ remedy }) => remedy === command("render"))) return command("render", "--dry-run");
  if (differences.some(({ remedy }) => remedy === command("sync"))) return command("sync", "--dry-run");
  if (differences.length > 0) return again;
  if (table.state === "unread") return "scripts/state_hub.ts status";
  return table.state === "read" ? command("list") : command("check");
}

function sightOf(table: TableSight) {
  return table.state === "read" ? { state: "read", rows: table.rows.length } : { state: table.state, why: table.why };
}

/** @throws OpsFailure when a file can't be read or written */
export function render(request: DefinitionsRequest, dryRun: boolean): Outcome {
  const { definitions, root, command } = look(request);
  const files = renderDefinitions(root, definitions, dryRun);
  const pending = dryRun && files.some(({ did }) => did === "written");
  return {
    exitCode: definitions.problems.length > 0 ? 1 : 0,
    document: { dry_run: dryRun, files, problems: definitions.problems },
    render: (view) => renderRendered(files, definitions.problems, dryRun, view),
    next: pending ? command("render") : command("sync", "--dry-run"),
  };
}

/** @throws OpsFailure for a folder without any definition; the database's own error */
export async function sync(database: Database, request: DefinitionsRequest, dryRun: boolean): Promise<Outcome> {
  const { definitions, command } = look(request);
  const rows = await syncDefinitions(database, definitions, { dryRun });
  const pending = dryRun && rows.some(({ did }) => did !== "same");
  return {
    exitCode: definitions.problems.length > 0 ? 1 : 0,
    document: { dry_run: dryRun, rows, problems: definitions.problems },
    render: (view) => renderSynced(rows, definitions.problems, dryRun, view),
    next: pending ? command("sync") : command("check"),
  };
}
