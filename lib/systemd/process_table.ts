// What /proc says of processes (proc(5)): whose they are, which sockets they hold. It needs no program, and no root for
// processes of one's own account; of others it says nothing.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
  /** Paths in all its hierarchies. */
  readonly controlGroups: readonly string[];
  /** Of the unit's run that started it (systemd.exec(5), INVOCATION_ID); null where it is not to be seen. */
  readonly invocation: string | null;
}

export function processIds(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

export function describeProcess(pid: number): RunningProcess {
  const groups = textOf(`/proc/${pid}/cgroup`).split("\n");
  return {
    pid,
    command: textOf(`/proc/${pid}/comm`).trim(),
    controlGroups: groups.map((line) => line.split(":").slice(2).join(":")).filter((path) => path !== ""),
    invocation: /(?:^|\0)INVOCATION_ID=([0-9a-f]+)\0/.exec(textOf(`/proc/${pid}/environ`))?.[1] ?? null,
  };
}

/** Inodes, as /proc/net/tcp and ss(8) name them. */
export function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = linkOf(`/proc/${pid}/fd/${fd}`);
      return link.startsWith("socket:[") ? [link.slice(8, -1)] : [];
    });
  } catch {
    // Ended meanwhile, or another account's.
    return [];
  }
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
