// Small looks at the files of a repository, for the questions that need no git process.
import { type BigIntStats, lstatSync, readFileSync } from "node:fs";

/** Null when it is not there or cannot be read. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** A file that holds one path, less the line end that git writes behind it; a name may end in a space. */
export function pathIn(file: string): string | null {
  return textOf(file)?.replace(/\n$/, "") ?? null;
}

/** Undefined where nothing is, also below what is no folder. @throws when the way there may not be gone */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOTDIR") return undefined;
    throw error;
  }
}

export function isLink(path: string): boolean {
  return statOf(path)?.isSymbolicLink() ?? false;
}

/** Changes whenever the file is written, replaced, or made or taken away. */
export function stampOf(path: string): string {
  const stat = statOf(path);
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : "";
}
