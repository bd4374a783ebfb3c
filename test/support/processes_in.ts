// Who is at work in a folder: how a test tells its own left-over processes from everybody else's. Linux alone has /proc.
import { readdirSync, readlinkSync } from "node:fs";

/** Ids of the processes whose working folder is `path` or below. */
export function processesIn(path: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d/.test(name) && `${readlinkSync(`/proc/${name}/cwd`)}/`.startsWith(`${path}/`);
    } catch {
      // Ended while we looked, or nothing of ours.
      return false;
    }
  });
}
