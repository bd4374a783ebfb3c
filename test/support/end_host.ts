// A host that loses its power in the middle of a sweep: all that the sweep started there is gone at once, and nothing of
// what it talked to on other hosts.
import { readdirSync, readFileSync } from "node:fs";

/**
 * SIGKILL to a sweep and all that it started on this host. The remote's end of a push is another host's, also where the
 * remote is a folder: it sees its line go dead and comes to its end.
 */
export function endThisHost(pid: number): void {
  const found = [pid];
  const parents = readdirSync("/proc").flatMap((name) =>
    /^\d+$/.test(name) ? [[Number(name), statusOf(name)] as const] : [],
  );
  for (const at of found) {
    for (const [child, { parent, command }] of parents)
      if (parent === at && !/receive-pack|upload-pack/.test(command.replace(/--(receive|upload)-pack=\S*/g, "")))
        found.push(child);
  }
  for (const each of found) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // Came to its end meanwhile.
    }
  }
}

/** proc(5): field 4 of /proc/PID/stat is the parent; field 2, the name, is in parentheses and may hold any character. */
function statusOf(pid: string): { parent: number; command: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), command };
  } catch {
    return { parent: 0, command: "" };
  }
}
