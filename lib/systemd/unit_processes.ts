// What an account's systemd says of a service that should be running, and which control group its processes are in: the one
// name that a process can't leave, whatever it forks.
import { run } from "../process/run.ts";
import { shownProperties, showUnit } from "./show_unit.ts";
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

/** @throws OpsFailure when the user manager cannot be asked; a unit that it does not know is no failure */
export async function runningUnit(door: UserManagerDoor, unit: string): Promise<RunningUnit> {
  const env = { ...door.env, LC_ALL: "C" };
  const asked = await run(showUnit(unit, PROPERTIES), { env, signal: door.signal, deadlineMs: LOOK_MS });
  const said = shownProperties(unit, asked);
  return {
    load: said.LoadState,
    active: said.ActiveState ?? "",
    sub: said.SubState ?? "",
    result: said.Result ?? "",
    restarts: Number(said.NRestarts ?? 0),
    controlGroup: said.ControlGroup || null,
    invocation: said.InvocationID || null,
  };
}
