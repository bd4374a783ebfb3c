// The programs that a drill has at work, found by the home that stands in their environment or their words: to stop one of them in the
// middle of its work, to end it, and to prove that none is left.
import { readdirSync, readFileSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { listProcesses } from "../../lib/postgres/process_table.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import type { Sshd } from "./sshd.ts";

export interface WorkingProgram {
  readonly pid: number;
  /** `pg_dump`, whatever the folder. */
  readonly name: string;
  readonly words: readonly string[];
}

/** Servers change the text that is their environment, but name their folder. */
export function programsOf(home: string): WorkingProgram[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    const [command, environment] = [textOf(entry, "cmdline"), textOf(entry, "environ")];
    if (command === "" || !(command.includes(home) || environment.includes(`STATE_HUB_HOME=${home}\0`))) return [];
    const words = command.split("\0").filter((word) => word !== "");
    return [{ pid: Number(entry), name: words[0]?.split(/[/ ]/).findLast((part) => part !== "") ?? "", words }];
  });
}

/** What sets a program's work apart from `--version`, and from the small things that age does beside the parts. */
const AT_WORK = {
  pg_dump: / --snapshot=/,
  pg_restore: / --dbname=/,
  initdb: / --pgdata /,
  postgres: / -D /,
  age: / --(encrypt( -r \S+)+|decrypt -i \S+)$/,
} as const;

export type Program = keyof typeof AT_WORK;

function atWork(home: string, name: Program): WorkingProgram | undefined {
  return programsOf(home).find((each) => each.name === name && AT_WORK[name].test(each.words.join(" ")));
}

/** Waits for a program and freezes it at once: what is done to the world until it goes on happens in the middle of its work. */
export async function stopped(home: string, name: Program): Promise<WorkingProgram> {
  return waitUntil({ forWhat: `${name} to be at work`, deadlineMs: 60_000, intervalMs: 2 }, () => {
    const found = atWork(home, name);
    return found !== undefined && signalled(found, "SIGSTOP") ? { found } : { seen: "it is not" };
  });
}

/** @returns false when it is gone */
export function signalled({ pid }: WorkingProgram, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function textOf(pid: string, file: string): string {
  try {
    return readFileSync(join("/proc", pid, file), "latin1");
  } catch {
    return "";
  }
}

/** Takes all room that is left; what is at work then runs into the end of it. Others may be writing meanwhile. */
export function fillUp(folder: string): void {
  for (let piece = 0; piece < 200; piece++) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return;
    const bytes = Math.ceil((bavail / (1 + (piece % 4))) * 0.999) * bsize;
    const file = join(folder, `.filled-by-somebody-else-${piece}`);
    Bun.spawnSync(["fallocate", "-l", String(Math.min(bytes, bavail * bsize)), file], { stderr: "ignore" });
  }
  throw new Error(`Could not fill ${folder}`);
}

/** The processes behind the connections that are open. */
export function connectionsOf({ userKey }: Sshd): number[] {
  const parents = listProcesses();
  const found = parents.filter(({ command }) => command.includes(join(dirname(userKey), "sshd_config")));
  for (const at of found) found.push(...parents.filter(({ parent }) => parent === at.pid));
  return found.slice(1).map(({ pid }) => pid);
}
