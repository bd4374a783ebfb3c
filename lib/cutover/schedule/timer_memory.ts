// Whether an account's systemd still remembers a timer that was stopped. One that it remembers makes up for the slot that it missed
// the moment it is started again, also with Persistent=false: it reckons from when it fired, or was started, last. Only one that was
// forgotten begins with its next slot.
import { OpsFailure } from "../../failure.ts";
import { isRemembered, runSystemctl, systemctl, type UserManagerDoor, unitState } from "../../systemd/user_units.ts";
import { waitUntil } from "../../wait_until.ts";
import { unitsOf } from "./move_terms.ts";
import { steady } from "./steady.ts";

/** systemd forgets a unit that nothing refers to as soon as it has nothing else to do. */
const FORGETS_WITHIN_MS = 5_000;

/** Each of them that failed is forgotten; the others are left as they are. */
export async function forgetFailed(door: UserManagerDoor, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    const { active } = await unitState(door, unit);
    if (active === "failed") await runSystemctl(steady(door), systemctl.resetFailed(unit));
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
