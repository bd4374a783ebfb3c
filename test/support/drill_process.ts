// backup_restore_drill.ts as an operator types it: a process of its own, with a home that it may fill, and a key of age.
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { DrillReport } from "../../lib/drill/evidence/report.ts";
import { run } from "../../lib/process/run.ts";
import { temporaryFolder } from "./git_repo.ts";
import { type RunningScript, type ScriptEnded, startScript } from "./script_process.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/backup_restore_drill.ts");
/** Longer than any run here takes on a busy machine; only a hang reaches it. */
const WATCHDOG_MS = 100_000;

export type DrillDocument = DrillReport & { readonly evidence: string; readonly evidence_digest: string };

export interface DrillHome {
  readonly path: string;
  /** @param env added to a plain environment with this home */
  start(args: readonly string[], env?: Record<string, string>): RunningScript;
  type(args: readonly string[], env?: Record<string, string>): Promise<ScriptEnded>;
  /** With --json; the document of stdout. */
  json<Document = DrillDocument>(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ readonly code: number; readonly document: Document }>;
  /** What runs have left in the workspace: folders, and processes that name it. */
  leftovers(): string[];
  remove(): void;
}

/** Passable for the server's account. @param watchdogMs after which a run is killed */
export function drillHome({ watchdogMs = WATCHDOG_MS } = {}): DrillHome {
  const { path, remove } = temporaryFolder();
  chmodSync(path, 0o755);
  const start: DrillHome["start"] = (args, env = {}) =>
    startScript([SCRIPT, ...args], { env: { STATE_HUB_HOME: path, ...env }, watchdogMs });
  const type: DrillHome["type"] = (args, env) => start(args, env).ended;
  const json: DrillHome["json"] = async (args, env) => {
    const { code, out, err } = await type([...args, "--json"], env);
    try {
      return { code, document: JSON.parse(out) };
    } catch {
      throw new Error(`no JSON, exit ${code}: ${out}${err}`);
    }
  };
  return { path, start, type, json, leftovers: () => leftoversIn(join(path, "drill")), remove };
}

/** @returns the file of a new private key, of mode 600, and its public key */
export async function ageKey(folder: string, name = "key.txt"): Promise<{ identity: string; recipient: string }> {
  const identity = join(folder, name);
  const env = environmentForPrograms();
  await run(["age-keygen", "-o", identity], { env, deadlineMs: 10_000 });
  const { stdout } = await run(["age-keygen", "-y", identity], { env, deadlineMs: 10_000 });
  return { identity, recipient: stdout.trim() };
}

function leftoversIn(workspace: string): string[] {
  const folders = readdirSync(workspace).filter((name) => !name.startsWith("."));
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandOf(name).includes(workspace));
  return [...folders, ...processes.map((pid) => `${pid}: ${commandOf(pid)}`)];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
