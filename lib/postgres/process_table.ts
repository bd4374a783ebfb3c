// Questions about processes, answered by the kernel.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** As commandLineOf() gives it. */
  readonly command: string;
}

/** Every process that has a command line: no zombies, no threads of the kernel. */
export function listProcesses(): ListedProcess[] {
  if (process.platform !== "linux") return listFromPs();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name), command: commandLineOf(Number(name)) }))
    .filter(({ command }) => command !== "");
}

/** proc(5): the parent is the second field behind the name, which is in parentheses and may hold any character. */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

function listFromPs(): ListedProcess[] {
  const { stdout } = Bun.spawnSync(["ps", "-axww", "-o", "pid=,ppid=,command="], { stderr: "ignore" });
  return [...stdout.toString().matchAll(/^ *(\d+) +(\d+) +(.+)$/gm)].map(([, pid, parent, command]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command: command ?? "",
  }));
}

/**
 * Program and arguments, joined by blanks; empty for no such process and for a zombie.
 * The command line, because everybody may read it: another account's working directory is closed even to root in a
 * container without CAP_SYS_PTRACE.
 */
export function commandLineOf(pid: number, platform: string = process.platform): string {
  if (platform !== "linux") return commandLineFromPs(pid);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Somebody has this pid, a zombie or another account's process included. */
export function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * PostgreSQL's programs that work in a folder (or were given it as an argument), such as backends that outlived a
 * killed server. Linux only: elsewhere none is found, and the server's own shared memory check stands guard.
 */
export function serverProgramsOn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid))
    .filter((pid) => {
      const command = commandLineOf(pid);
      if (!/^\S*(postgres|initdb)\b/.test(command)) return false;
      return `${command} `.includes(`${folder}/`) || `${workingDirectoryOf(pid)}/`.startsWith(`${folder}/`);
    });
}

/** Null when it is gone or closed to us. */
export function workingDirectoryOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** SIGKILL unless another is asked for; that it is gone already is what was wanted. */
export function endProcess(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {}
}

// No /proc on macOS. `ps` shows a zombie as "<defunct>" or "(name)", never with its arguments.
function commandLineFromPs(pid: number): string {
  const result = Bun.spawnSync(["ps", "-ww", "-o", "command=", "-p", String(pid)], { stderr: "ignore" });
  return result.stdout.toString().trim();
}
