// Files that were found but must not, or could not, be read. They count as found and failed like any other: a plan that
// silently drops out of sight would take its rows with it.
import { fileFault } from "./faults.ts";
import { type ProblemPieces, problemAt } from "./problem.ts";
import type { FailedReading } from "./types.ts";

export type Unreadable =
  | { readonly reason: "symlink" }
  /** `size` in bytes, from metadata: the file is not opened. */
  | { readonly reason: "too_large"; readonly size: number }
  /** A folder, a device, a socket. */
  | { readonly reason: "not_a_file" }
  /** git names the blob but doesn't have it: a partial or damaged clone. */
  | { readonly reason: "missing_blob"; readonly blob: string }
  /** It stands there, but the system wouldn't let us read it. */
  | { readonly reason: "unreadable" };

/** The reading of a file of which only the metadata is known. */
export function unreadableFile(path: string, why: Unreadable): FailedReading {
  const problem = problemAt({ line: 1, column: 1 }, piecesOf(why));
  return { state: "failed", path, id: null, hubId: null, tasks: [], failedBlocks: [], problems: [problem] };
}

function piecesOf(why: Unreadable): ProblemPieces {
  switch (why.reason) {
    case "too_large":
      return fileFault("file_too_large", `${why.size} bytes`);
    case "symlink":
      return {
        kind: "unsafe_content",
        code: "symlink",
        message: "The file is a symbolic link, which is not followed",
        expected: "a regular file",
        hint: "Put the file itself here, or delete the link",
      };
    case "not_a_file":
      return {
        kind: "unsafe_content",
        code: "not_a_file",
        message: "Something that is not a regular file has a workplan's name",
        expected: "a regular file",
        hint: "Rename or delete it",
      };
    case "missing_blob":
      return {
        kind: "front_matter_unreadable",
        code: "missing_blob",
        message: "git does not have the content of this file",
        observed: why.blob,
        expected: "the whole object in the repository",
        hint: "Run `git fsck` there; then fetch again, or clone the repository anew",
      };
    case "unreadable":
      return {
        kind: "front_matter_unreadable",
        code: "file_unreadable",
        message: "The file could not be read",
        expected: "a file that this user may read",
        hint: "Look at its owner and mode with `ls -l`",
      };
  }
}
