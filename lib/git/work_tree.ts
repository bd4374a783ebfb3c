// The files that stand in a checkout right now: what somebody is editing. Listing them costs a stat each; whether
// anything changed since the last look is told by a signature of those stats, without reading a byte.
import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface WorkTreeFile {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly kind: "file" | "symlink" | "other";
  readonly size: number;
}

export interface WorkTreeListing {
  readonly files: readonly WorkTreeFile[];
  /** Changes whenever a file is added, removed, renamed or written (path, kind, size, mtime, ctime, inode). */
  readonly signature: string;
  /** The newest ctime, milliseconds since 1970: a listing taken within the same tick can miss a write. */
  readonly newestChangeMs: number;
}

const MAX_FILES = 50_000;
const MAX_DEPTH = 32;
const IF_THERE = { throwIfNoEntry: false } as const;

/** Lists `folder` of a work tree; `wanted` picks by path. A missing folder is an empty listing. Follows no symlink. */
export function listWorkTree(top: string, folder: string, wanted: (path: string) => boolean): WorkTreeListing {
  const files: WorkTreeFile[] = [];
  const stats: string[] = [];
  let newestChangeMs = 0;
  const add = (path: string, stat: ReturnType<typeof lstatSync> & object) => {
    const kind = stat.isFile() ? "file" : stat.isSymbolicLink() ? "symlink" : "other";
    files.push({ path, kind, size: Number(stat.size) });
    stats.push(`${path}\0${kind}\0${stat.size}\0${stat.mtimeMs}\0${stat.ctimeMs}\0${stat.ino}`);
    newestChangeMs = Math.max(newestChangeMs, Number(stat.ctimeMs));
  };
  const walk = (path: string, depth: number) => {
    if (depth > MAX_DEPTH || files.length > MAX_FILES) return;
    for (const entry of readdirSync(`${top}/${path}`, { withFileTypes: true }).sort(byName)) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(inside, depth + 1);
      else if (wanted(inside)) {
        const stat = lstatSync(`${top}/${inside}`, IF_THERE);
        if (stat) add(inside, stat);
      }
    }
  };
  const stat = lstatSync(`${top}/${folder}`, IF_THERE);
  if (stat?.isDirectory()) walk(folder, 0);
  else if (stat) add(folder, stat);
  return { files, signature: Bun.hash(stats.join("\n")).toString(16), newestChangeMs };
}

/** The bytes of a regular file; never waits on a pipe and never follows a link that replaced the file meanwhile. */
export function readWorkTreeFile(top: string, path: string): Uint8Array {
  const handle = openSync(join(top, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The id that git would give these bytes as a blob; `idLength` 40 is SHA-1, 64 is SHA-256 (gitformat: object names). */
export function blobId(bytes: Uint8Array, idLength: number): string {
  const hasher = new Bun.CryptoHasher(idLength === 64 ? "sha256" : "sha1");
  return hasher.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function byName(left: { name: string }, right: { name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
