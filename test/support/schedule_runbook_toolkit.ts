// A copy of the toolkit in a test's home: its definitions may say another schedule, and its units follow them, as an operator's
// own change would. Nothing of the toolkit itself is touched.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";

const ROOT = join(import.meta.dir, "../..");
const COPIED = ["lib", "scripts", "k8s", "systemd", "runbooks", "package.json", "bunfig.toml", "tsconfig.json"];
const SWEEP_DEFINITION = "k8s/activity-definitions/state-hub-consistency-sweep.md";
const CRON = "*/15 * * * *";

export interface ToolkitChanges {
  /** The sweep's schedule, also on the page that moves it; the toolkit's own unless given. */
  readonly cron?: string;
  /** The sweep's budget: it has to be shorter than the schedule's period. */
  readonly maxSeconds?: number;
  /** How late a CronJob may start, in seconds: it has to be shorter than the schedule's period. */
  readonly startingDeadlineSeconds?: number;
}

/** @param path what is there is replaced. @returns the same path */
export async function copyToolkit(path: string, changes: ToolkitChanges): Promise<string> {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const name of COPIED) cpSync(join(ROOT, name), join(path, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  // A test's home is below /tmp, which such a unit does not see.
  replace(join(path, "lib/activity/render/unit_service.ts"), "PrivateTmp=yes", "PrivateTmp=no");
  const { cron, maxSeconds, startingDeadlineSeconds } = changes;
  const [definition, deadlines] = [join(path, SWEEP_DEFINITION), join(path, "lib/activity/deadlines.ts")];
  if (cron !== undefined) {
    replace(definition, `cron: "${CRON}"`, `cron: "${cron}"`);
    replace(join(path, "runbooks/cutover_schedule.md"), CRON, cron);
  }
  if (maxSeconds !== undefined) replace(definition, "max_seconds: 300", `max_seconds: ${maxSeconds}`);
  if (startingDeadlineSeconds !== undefined)
    replace(deadlines, "STARTING_DEADLINE_S = 120", `STARTING_DEADLINE_S = ${startingDeadlineSeconds}`);
  const rendering = { env: environmentForPrograms(), deadlineMs: 30_000, cwd: path };
  const { exitCode, stdout, stderr } = await run(["scripts/activity_definitions.ts", "render"], rendering);
  if (exitCode !== 0) throw new Error(`${stdout}${stderr}`);
  return path;
}

function replace(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, text.replaceAll(from, to));
}
