// When a process last received something from another host, by the kernel's own clock of each connection (ss(8), lastrcv). Of
// a tunnel's ssh that is the age of its line, whatever is asked through it.
import { run } from "../process/run.ts";
import { socketsOf } from "./process_table.ts";
import type { UserManagerDoor } from "./user_units.ts";

const LOOK_MS = 2_000;

/**
 * @param exceptPort a port of this machine, whose connections do not count: what the process listens on itself
 * @returns milliseconds; null where nobody can say: no ss, no such connection, another account's process
 * @throws the signal's reason when aborted
 */
export async function lastReceivedMs(door: UserManagerDoor, pid: number, exceptPort: number): Promise<number | null> {
  const own = new Set(socketsOf(pid));
  const argv = ["ss", "-tieOHn", "state", "established", "sport", "!=", `:${exceptPort}`];
  const env = { ...door.env, LC_ALL: "C" };
  const asked = await run(argv, { env, signal: door.signal, deadlineMs: LOOK_MS }).catch(() => null);
  door.signal.throwIfAborted();
  const ages = (asked?.stdout ?? "").split("\n").flatMap((line) => {
    const [, inode = ""] = /\bino:(\d+)/.exec(line) ?? [];
    const [, ms] = /\blastrcv:(\d+)/.exec(line) ?? [];
    return ms !== undefined && own.has(inode) ? [Number(ms)] : [];
  });
  return ages.length === 0 ? null : Math.min(...ages);
}
