// Whether what we write into a checkout would be as if its owner had written it. Files of another user, root among them,
// are ones that the owner cannot change any more.
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import type { Checkout } from "../checkout.ts";
import { statOf } from "../repository_files.ts";
import { type Left, left } from "./left_alone.ts";

/** @param withFiles the work tree and the index are written too, not only objects and refs */
export function accessRefused({ path, gitDir, commonDir }: Checkout, branch: string, withFiles: boolean): Left | null {
  const files = withFiles ? [path, `${gitDir}/index`, `${gitDir}/logs/HEAD`] : [];
  const heads = `${commonDir}/refs/heads`;
  const log = `${commonDir}/logs/refs/heads/${branch}`;
  const parts = [...files, gitDir, commonDir, `${commonDir}/objects`, heads, dirname(`${heads}/${branch}`), log];
  const there = [...new Set(parts)].filter((part) => statOf(part) !== undefined);
  const foreign = there.map(foreignOwner).find((words) => words !== null);
  if (foreign) return left("not_ours", path, foreign);
  const closed = there.find((part) => !isWritable(part));
  return closed === undefined ? null : left("read_only", path, `${closed} cannot be written to`);
}

/** Words for a file or folder that is another user's than the one this runs as; null when it is ours or is not there. */
export function foreignOwner(path: string): string | null {
  const owner = statOf(path)?.uid;
  const us = process.geteuid?.();
  if (owner === undefined || us === undefined || Number(owner) === us) return null;
  return `${path} belongs to user ${owner}, and this runs as user ${us}`;
}

/** A file system mounted read-only refuses even root here (access(2), EROFS). */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
