// What a repository's files say: the workplans at the tip, and what somebody is editing. A file that could not be read is a
// failed one, never a missing one: only what is known to be absent may ever count against a row.
import type { Checkout, Tip } from "../git/checkout.ts";
import type { TreeEntry } from "../git/object_reader.ts";
import type { WorkTreeFile } from "../git/work_tree.ts";
import { MAX_FILE_BYTES } from "../workplan/limits.ts";
import { parseWorkplan } from "../workplan/parse_workplan.ts";
import type { FailedReading, ParsedReading, WorkplanReading } from "../workplan/types.ts";
import { unreadableFile } from "../workplan/unreadable_file.ts";
import { type Content, fetchRepo, type RepoFiles, type StandingFile, SYMLINK } from "./repo_files.ts";

/** A workplan file of the tip: the id of its blob and what reading it gave. */
export interface FoundFile {
  readonly blob: string;
  readonly reading: ParsedReading | FailedReading;
}

export interface RepoReading {
  readonly commit: string;
  /** The id of the workplans folder; null when the commit has none. */
  readonly tree: string | null;
  readonly files: readonly FoundFile[];
  /** Paths of files that are no workplans: notes, and front matter of another type. */
  readonly ignored: readonly string[];
  /** Files of the work tree that differ from the tip: checked and reported, never applied. */
  readonly uncommitted: readonly UncommittedFile[];
}

export interface UncommittedFile {
  readonly path: string;
  /** null when it was removed, or is no workplan. */
  readonly reading: ParsedReading | FailedReading | null;
}

/** What the files say. Pure, so that files that were kept can be parsed again instead of being fetched again. */
export function parseRepo({ commit, tree, entries, contents, standing, shown }: RepoFiles): RepoReading {
  const readings = entries.map((entry) => ({
    blob: entry.id,
    reading: readEntry(entry, contents.get(entry.path) ?? null),
  }));
  const files = readings.filter((each): each is FoundFile => each.reading.state !== "ignored");
  const uncommitted = shown ? findUncommitted(entries, standing, contents) : [];
  const ignored = readings.filter(({ reading }) => reading.state === "ignored").map(({ reading }) => reading.path);
  return { commit, tree, files, ignored, uncommitted };
}

/** Both in one. @throws as fetchRepo */
export async function readRepo(checkout: Checkout, tip: Tip): Promise<RepoReading> {
  return parseRepo(await fetchRepo(checkout, tip));
}

function readEntry(entry: TreeEntry, content: Content | null): WorkplanReading {
  if (entry.mode === SYMLINK) return unreadableFile(entry.path, { reason: "symlink" });
  if (content === null) return unreadableFile(entry.path, { reason: "missing_blob", blob: entry.id });
  if ("size" in content) return unreadableFile(entry.path, { reason: "too_large", size: content.size });
  return parseWorkplan(entry.path, content.bytes);
}

function findUncommitted(
  wanted: readonly TreeEntry[],
  standing: ReadonlyMap<string, StandingFile>,
  bytesOf: ReadonlyMap<string, Content | null>,
): UncommittedFile[] {
  const committed = new Map(wanted.map((entry) => [entry.path, entry]));
  const edited = [...standing.values()].filter(({ file, blob, bytes }) => {
    const entry = committed.get(file.path);
    if (entry?.mode === SYMLINK && file.kind === "symlink") return false;
    if (isTooLarge(bytesOf.get(file.path) ?? null, file)) return false;
    return entry === undefined || (entry.id !== blob && !sameButForLineEndings(bytes, bytesOf.get(file.path) ?? null));
  });
  const removed = wanted
    .filter(({ path, named }) => named && !standing.has(path))
    .map(({ path }) => ({ path, reading: null }));
  return [
    ...edited.map(({ file, bytes }) => ({ path: file.path, reading: readStandingFile(file, bytes) })),
    ...removed,
  ];
}

/** Committed and standing there are of one size that neither is read at: an edit of it would change nothing. */
function isTooLarge(committed: Content | null, standing: WorkTreeFile): boolean {
  return committed !== null && "size" in committed && committed.size === standing.size && standing.kind === "file";
}

function readStandingFile(file: WorkTreeFile, bytes: Uint8Array | null): ParsedReading | FailedReading | null {
  if (file.kind === "symlink") return unreadableFile(file.path, { reason: "symlink" });
  if (file.kind === "other") return unreadableFile(file.path, { reason: "not_a_file" });
  if (bytes === null)
    return unreadableFile(
      file.path,
      file.size > MAX_FILE_BYTES ? { reason: "too_large", size: file.size } : { reason: "unreadable" },
    );
  const reading = parseWorkplan(file.path, bytes);
  return reading.state === "ignored" ? null : reading;
}

/** core.autocrlf and the `text` attribute let a clean checkout differ from its blob in line endings alone. */
function sameButForLineEndings(standing: Uint8Array | null, committed: Content | null): boolean {
  if (standing === null || committed === null || "size" in committed) return false;
  const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1").replaceAll("\r\n", "\n");
  return plain(standing) === plain(committed.bytes);
}
