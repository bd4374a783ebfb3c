// How much of a dump in a folder is written by now. Files that have not grown for a while are not asked again: ten
// thousand tables are twenty thousand files.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Looks after which a file that did not grow counts as done; the last look asks all. */
const LOOKS_AT_REST = 5;

/** Counts the bytes of a folder that others write to. */
export class GrowingFolder {
  readonly #folder: string;
  readonly #files = new Map<string, { bytes: number; atRest: number }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Bytes of its files, not of folders below. @param all ask every file again */
  async bytes(all = false): Promise<number> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const known = this.#files.get(name) ?? { bytes: -1, atRest: 0 };
      if (!all && known.atRest >= LOOKS_AT_REST) continue;
      const { size } = await stat(join(this.#folder, name)).catch(() => ({ size: Math.max(0, known.bytes) }));
      this.#files.set(name, { bytes: size, atRest: size === known.bytes ? known.atRest + 1 : 0 });
    }
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
