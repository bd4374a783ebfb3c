// What an account's systemd says of a service that should be running, and which control group its processes are in: the one
// name that a process can't leave, whatever it forks.
import { run } from "../process/run.ts";
import { managerFailure } from "./manager_failure.ts";
import type { UserManagerDoor } from "./user_units.ts";

export interface RunningUnit {
  /** LoadState: loaded, not-found, masked, bad-setting, error. */
  readonly load: string;
  /** ActiveState and SubState: active/running, activating/auto-restart, failed/failed, inactive/dead. */
  readonly active: string;
  readonly sub: string;
  /** Result of the last run: success, exit-code, start-limit-hit, timeout, signal. */
  readonly result: string;
  readonly restarts: number;
  /** As /proc/PID/cgroup names it; null while nothing of it runs. */
  readonly controlGroup: string | null;
  /** Which of its runs this is, or the last was; null before the first. */
  readonly invocation: string | null;
}

const LOOK_MS = 5_000;
const PROPERTIES = "LoadState,ActiveState,SubState,Result,NRestarts,ControlGroup,InvocationID";

export const showProcesses = (unit: string): string[] => [
  "systemctl",
  "--user",
  "--no-pager",
  "--no-ask-password",
  "show",
  `--property=${PROPERTIES}`,
  "--",
  unit,
];

/** @throws OpsFailure when the user manager cannot be asked; a unit that it does not know is no failure */
export async function runningUnit(door: UserManagerDoor, unit: string): Promise<RunningUnit> {
  const env = { ...door.env, LC_ALL: "C" };
  const { exitCode, stdout, stderr } = await run(showProcesses(unit), {
    env,
    signal: door.signal,
    deadlineMs: LOOK_MS,
  });
  const said = new Map(stdout.split("\n").map((line) => line.split(/=(.*)/s) as [string, string]));
  const load = said.get("LoadState");
  if (exitCode !== 0 || load === undefined)
    throw managerFailure(`Could not ask systemd about ${unit}`, stderr || stdout);
  return {
    load,
    active: said.get("ActiveState") ?? "",
    sub: said.get("SubState") ?? "",
    result: said.get("Result") ?? "",
    restarts: Number(said.get("NRestarts") ?? 0),
    controlGroup: said.get("ControlGroup") || null,
    invocation: said.get("InvocationID") || null,
  };
}
