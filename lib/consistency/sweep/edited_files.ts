// What the files of one repository say once their corrections are in them: worked out without a commit, so that the bytes
// can be shown before they are published, and nothing else be published afterwards. (pure)
import type { NewContent } from "../../git/commit_off_tree.ts";
import { blobId } from "../../git/work_tree.ts";
import { parseWorkplan } from "../../workplan/parse_workplan.ts";
import { type Edit, spliceWorkplan } from "../../workplan/splice_workplan.ts";
import type { TakenReading } from "../readings.ts";
import type { RepoReading } from "../repo_reading.ts";
import type { Correction, RefusedEdit } from "./correction.ts";

export interface EditedFile extends NewContent {
  readonly before: Uint8Array;
  /** How many of its values are corrected. */
  readonly corrections: number;
}

/** The bytes that each file should have; one whose edits are refused stays as it is. */
export function editFiles(
  { reading, files }: TakenReading,
  corrections: readonly Correction[],
): { readonly edited: readonly EditedFile[]; readonly refused: readonly RefusedEdit[] } {
  const modes = new Map(files.entries.map(({ path, mode }) => [path, mode]));
  const parsed = new Set(reading.files.flatMap(({ reading: file }) => (file.state === "parsed" ? [file.path] : [])));
  const edited: EditedFile[] = [];
  const refused: RefusedEdit[] = [];
  for (const [path, wanted] of Map.groupBy(corrections, (each) => each.path)) {
    const content = files.contents.get(path);
    const mode = modes.get(path);
    if (!parsed.has(path) || !content || !("bytes" in content) || (mode !== "100644" && mode !== "100755")) continue;
    const { bytes: before } = content;
    const spliced = spliceWorkplan(path, before, wanted.map(editOf));
    if ("refused" in spliced) refused.push({ path, problem: spliced.refused });
    else if (spliced.bytes !== before)
      edited.push({ path, mode, before, bytes: spliced.bytes, corrections: wanted.length });
  }
  return { edited, refused };
}

function editOf({ kind, subject, key, value, replaces }: Correction): Edit {
  const target = kind === "workstream" ? ("workplan" as const) : { task: subject };
  return { target, key: key as Edit["key"], value, replaces: replaces === "" ? null : replaces };
}

/** What the files say at the new commit: only those that were edited are parsed again. */
export function readAgain(reading: RepoReading, commit: string, edited: readonly EditedFile[]): RepoReading {
  const newBytes = new Map(edited.map(({ path, bytes }) => [path, bytes]));
  const files = reading.files.map((file) => {
    const bytes = newBytes.get(file.reading.path);
    if (bytes === undefined) return file;
    const again = parseWorkplan(file.reading.path, bytes);
    if (again.state !== "parsed") throw new Error(`${again.path} could not be parsed after it was edited`);
    return { blob: blobId(bytes, commit.length), reading: again };
  });
  // The folder's new id is told by the next reading; until then no other commit counts as having the same folder.
  return { ...reading, commit, tree: null, files };
}
