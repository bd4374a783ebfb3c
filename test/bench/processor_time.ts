// Processor time of another process, its own and the system's for it, as the kernel counts it: proc(5), /proc/pid/stat.
import { readFileSync } from "node:fs";

/** Counted in hundredths of a second on every Linux that Bun runs on. */
const MS_A_TICK = 10;

/** @returns milliseconds */
export function processorMsOf(pid: number): number {
  const [user = 0, system = 0] = timesOf(pid);
  return (user + system) * MS_A_TICK;
}

/** Of its children that have ended, and of theirs. @returns milliseconds */
export function processorMsOfChildren(pid: number): number {
  const [, , user = 0, system = 0] = timesOf(pid);
  return (user + system) * MS_A_TICK;
}

/** Fields 14 to 17: its own time, the system's, and the same of its children. */
function timesOf(pid: number): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The program's name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).map(Number);
}
