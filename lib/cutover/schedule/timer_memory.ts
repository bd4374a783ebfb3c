// Whether an account's systemd still remembers a timer that was stopped. One that it remembers makes up for the slot that it missed
// the moment it is started again, also with Persistent=false: it reckons from when it fired, or was started, last. Only one that was
// forgotten begins with its next slot.
import { OpsFailure } from "../../failure.ts";
import { lastLine, run } from "../../process/run.ts";
import { runSystemctl, type UserManagerDoor, unitState } from "../../systemd/user_units.ts";
import { waitUntil } from "../../wait_until.ts";
import { unitsOf } from "./move_terms.ts";
import { steady } from "./steady.ts";

const LOOK_MS = 10_000;
/** systemd forgets a unit that nothing refers to as soon as it has nothing else to do. */
const FORGETS_WITHIN_MS = 5_000;

/** What makes the manager forget a unit that failed; it keeps those for whoever wants to know why. */
export function resetFailed(unit: string): string[] {
  return ["systemctl", "--user", "reset-failed", "--", unit];
}

/** Each of them that failed is forgotten; the others are left as they are. */
export async function forgetFailed(door: UserManagerDoor, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    const { active } = await unitState(door, unit);
    if (active === "failed") await runSystemctl(steady(door), resetFailed(unit));
  }
}

/** @returns false when the manager goes on remembering it: something refers to it */
export async function forgetTimer(door: UserManagerDoor, timer: string): Promise<boolean> {
  await forgetFailed(door, unitsOf([timer]));
  const wait = { forWhat: `systemd to forget ${timer}`, deadlineMs: FORGETS_WITHIN_MS, intervalMs: 100 };
  try {
    return await waitUntil({ ...wait, signal: door.signal }, async () =>
      (await isRemembered(door, timer)) ? { seen: "remembered" } : { found: true },
    );
  } catch (error) {
    door.signal.throwIfAborted();
    if (error instanceof OpsFailure) return false;
    throw error;
  }
}

/** By both moments that it reckons from (timer_enter_waiting() in systemd's src/core/timer.c). */
async function isRemembered(door: UserManagerDoor, timer: string): Promise<boolean> {
  const properties = "--property=LastTriggerUSec,InactiveExitTimestamp";
  const argv = ["systemctl", "--user", "show", properties, "--value", "--", timer];
  const options = { env: { ...door.env, TZ: "UTC", LC_ALL: "C" }, deadlineMs: LOOK_MS, signal: door.signal };
  const { exitCode, stdout, stderr } = await run(argv, options);
  if (exitCode !== 0) throw new OpsFailure(`Could not ask systemd about ${timer}`, { observed: lastLine(stderr) });
  return stdout.split("\n").some((said) => said !== "" && said !== "n/a");
}
