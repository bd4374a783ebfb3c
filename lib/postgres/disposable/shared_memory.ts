// The few bytes of System V shared memory by which a server marks its data directory as in use. A server that was killed
// leaves them behind, and a machine has only some thousands of such places (4096 on Linux).
import { readFileSync } from "node:fs";

/** A segment of System V, as a server noted it. */
export interface SharedMemory {
  readonly key: number;
  readonly id: number;
}

/** @param pidFile the text of postmaster.pid: its 7th line holds key and id (src/include/utils/pidfile.h) */
export function sharedMemoryOf(pidFile: string): SharedMemory | null {
  const [, key, id] = /^\s*(\d+)\s+(\d+)\s*$/.exec(pidFile.split("\n")[6] ?? "") ?? [];
  return key === undefined || id === undefined ? null : { key: Number(key), id: Number(id) };
}

/** Removes it when nobody uses it; an id that another program got since has another key. Linux only. */
export function removeSharedMemory(memory: SharedMemory): void {
  if (!isUnused(memory)) return;
  try {
    Bun.spawnSync(["ipcrm", "-m", String(memory.id)], { stderr: "ignore" });
  } catch {
    // No such program: 56 bytes stay until the machine is restarted.
  }
}

/** Columns of /proc/sysvipc/shm: key, shmid, perms, size, cpid, lpid, nattch ... */
function isUnused({ key, id }: SharedMemory): boolean {
  try {
    const lines = readFileSync("/proc/sysvipc/shm", "utf8").split("\n");
    return lines.some((line) => {
      const columns = line.trim().split(/\s+/);
      return Number(columns[0]) === key && Number(columns[1]) === id && columns[6] === "0";
    });
  } catch {
    return false;
  }
}
