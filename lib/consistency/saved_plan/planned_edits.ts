// What would be published of one repository, as a plan keeps it. (pure)
import { blobId } from "../../git/work_tree.ts";
import type { TakenReading } from "../readings.ts";
import type { Correction } from "../sweep/correction.ts";
import { type EditedFile, editFiles } from "../sweep/edited_files.ts";
import { lineChanges } from "./line_changes.ts";
import type { PlannedEdit, RefusedCorrection } from "./plan_document.ts";

export interface PlannedFiles {
  readonly edits: PlannedEdit[];
  /** Corrections that their files will not take. */
  readonly refused: RefusedCorrection[];
}

/** @returns both the form for the plan and the files themselves */
export function plannedFiles(
  taken: TakenReading,
  corrections: readonly Correction[],
): PlannedFiles & { readonly edited: readonly EditedFile[] } {
  const { edited, refused } = editFiles(taken, corrections);
  const idLength = taken.reading.commit.length;
  const edits = edited.map(({ path, before, bytes }) => ({
    path,
    blob_before: blobId(before, idLength),
    blob_after: blobId(bytes, idLength),
    lines: lineChanges(before, bytes),
  }));
  return { edits, refused: refused.map(({ path, problem: { line, message } }) => ({ path, line, message })), edited };
}
