// One mover at a time, on any machine: the hub's own lock, held from the first gate to the last proof.
import type { SessionLocks } from "../../db/session_locks.ts";
import { MOVE_LOCK } from "./move.ts";

/** @returns null when the lock is ours now; else who has it, in words */
export async function takeMoveLock(locks: SessionLocks): Promise<string | null> {
  if (await locks.tryLock(MOVE_LOCK)) return null;
  const holder = await locks.holderOf(MOVE_LOCK);
  return holder === null ? "somebody else" : `pid ${holder.pid} on ${holder.host}, since ${holder.since},`;
}
