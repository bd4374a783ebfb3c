// Questions about processes, answered by the kernel.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

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

/** SIGKILL; that it is gone already is what was wanted. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

// No /proc on macOS. `ps` shows a zombie as "<defunct>" or "(name)", never with its arguments.
function commandLineFromPs(pid: number): string {
  const result = Bun.spawnSync(["ps", "-ww", "-o", "command=", "-p", String(pid)], { stderr: "ignore" });
  return result.stdout.toString().trim();
}
