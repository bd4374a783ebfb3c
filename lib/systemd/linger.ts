// Whether an account's systemd outlives its logins. Where it does not, a timer that is enabled fires until somebody logs
// out, and nothing on the machine says why it stopped.
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import type { UserManagerDoor } from "./user_units.ts";

const LOOK_MS = 10_000;

/** What loginctl is asked. */
export const showLinger = (uid: number): string[] => [
  "loginctl",
  "show-user",
  "--property=Linger",
  "--value",
  "--",
  String(uid),
];

/** @returns null where it cannot be asked: no loginctl, no logind (a container) */
export async function lingers(door: UserManagerDoor, uid: number): Promise<boolean | null> {
  try {
    const env = { ...door.env, LC_ALL: "C" };
    const { exitCode, stdout, stderr } = await run(showLinger(uid), { env, signal: door.signal, deadlineMs: LOOK_MS });
    if (/not logged in or lingering/.test(stderr)) return false;
    const said = stdout.trim();
    return exitCode === 0 && (said === "yes" || said === "no") ? said === "yes" : null;
  } catch (error) {
    if (error instanceof OpsFailure) return null;
    throw error;
  }
}
