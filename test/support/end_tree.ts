// Ends a server with all that it started. sshd gives every connection a session and process group of its own, so that
// ending its group leaves each hung connection's processes behind.
import { readdirSync, readFileSync } from "node:fs";
import { endGroup } from "../../lib/process/run.ts";

/** SIGKILL to a process that we started and to its descendants; where there is no /proc, to its group alone. */
export function endTree(pid: number): void {
  // The children first, while their line of descent can still be read.
  for (const each of [...descendantsOf(pid).reverse(), pid]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // Gone meanwhile: that is what was wanted.
    }
  }
  endGroup(pid);
}

function descendantsOf(pid: number): number[] {
  const parents = parentOfEach();
  const found = [pid];
  for (const at of found) for (const [child, parent] of parents) if (parent === at) found.push(child);
  return found.slice(1);
}

/** proc(5): field 4 of /proc/PID/stat is the parent; field 2, the name, is in parentheses and may hold any character. */
function parentOfEach(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/").includes("proc") ? readdirSync("/proc") : []) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // Ended while we looked.
    }
  }
  return parents;
}
