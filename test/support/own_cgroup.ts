// A control group of its own for a process of a test. Two user managers in one group take each other's units of one name for
// their own, and end them.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

export interface OwnCgroup {
  /** Words before a command that is to run in it. */
  readonly enter: readonly string[];
  /** When everything in it has ended. */
  remove(): void;
}

/** Where the account may make none, the process stays in the test's own. */
export function ownCgroup(): OwnCgroup {
  const name = `state-hub-test-${Bun.randomUUIDv7()}`;
  const groups = hierarchies().map((root) => join(root, name));
  for (const group of groups) mkdirSync(group);
  const into = groups.map((group) => `echo $$ > '${group}/cgroup.procs'`);
  return {
    enter: ["/bin/sh", "-c", [...into, 'exec "$@"'].join(" && "), "sh"],
    remove: () => groups.forEach(removeGroup),
  };
}

/** Those that systemd keeps its units in: the unified one, and version 1's own. */
function hierarchies(): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const roots = mounts.flatMap((line) => {
    const [, path = "", type, options = ""] = line.split(" ");
    return type === "cgroup2" || (type === "cgroup" && options.split(",").includes("name=systemd")) ? [path] : [];
  });
  return roots.filter(mayMakeGroups);
}

function mayMakeGroups(root: string): boolean {
  try {
    accessSync(root, constants.W_OK);
    accessSync(join(root, "cgroup.procs"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** From the innermost: a group with another in it stays. Its files go with it. */
function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  try {
    rmdirSync(path);
  } catch {
    // Something of it still ends: an empty group is no harm.
  }
}
