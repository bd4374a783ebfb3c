// A file that is there as a whole or not at all, whenever its writer is killed: what another run reads must never be half.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Atomic, of mode 600, and on the disk when it returns. A killed writer leaves `.NAME.PID.tmp` beside it. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, path);
    flushFolder(folder);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
}

/** A rename is on the disk only when its folder is. */
function flushFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
