// How far programs have read a file: we open it, they read through our open file, and the kernel tells its position. The
// only sign of life of a large table that is decrypted and restored for an hour. Linux alone tells; elsewhere nothing is said.
import { closeSync, openSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 1_000;

export interface SharedInput {
  /** To be handed to the programs: it must not be opened again, which would begin anew. */
  readonly fd: number;
  close(): void;
}

/** @returns null when it cannot be opened: the programs then say why */
export function openSharedInput(file: string, onRead: (bytes: number) => void): SharedInput | null {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return null;
  }
  let last = 0;
  const timer = setInterval(() => {
    const at = positionOf(fd);
    if (at === last) return;
    last = at;
    onRead(at);
  }, LOOK_EVERY_MS);
  const close = () => {
    clearInterval(timer);
    closeSync(fd);
  };
  return { fd, close };
}

// proc(5), /proc/pid/fdinfo: "pos" is the file's offset, decimal.
function positionOf(fd: number): number {
  try {
    return Number(/^pos:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
