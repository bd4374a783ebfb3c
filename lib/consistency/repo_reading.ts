// What one look at a repository gives: the workplans at the tip of its default branch, and what somebody is editing in
// its work tree. Anything that could not be read is an error or a failed file, never an empty answer: unknown is not
// absent, and only what is known to be absent may ever count against a row.
import { OpsFailure } from "../failure.ts";
import type { Checkout, Tip } from "../git/checkout.ts";
import { ObjectReader, type TreeEntry } from "../git/object_reader.ts";
import { blobId, listWorkTree, readWorkTreeFile, type WorkTreeFile } from "../git/work_tree.ts";
import { MAX_FILE_BYTES } from "../workplan/limits.ts";
import { parseWorkplan } from "../workplan/parse_workplan.ts";
import type { FailedReading, ParsedReading, WorkplanReading } from "../workplan/types.ts";
import { unreadableFile } from "../workplan/unreadable_file.ts";
import { isWorkplanPath, WORKPLANS_FOLDER } from "./workplan_paths.ts";

/** A workplan file of the tip: the id of its blob and what reading it gave. */
export interface FoundFile {
  readonly blob: string;
  readonly reading: ParsedReading | FailedReading;
}

export interface RepoReading {
  readonly commit: string;
  readonly files: readonly FoundFile[];
  readonly ignored: number;
  /** Files of the work tree that differ from the tip: checked and reported, never applied. */
  readonly uncommitted: readonly UncommittedFile[];
}

export interface UncommittedFile {
  readonly path: string;
  /** null when it was removed, or is no workplan. */
  readonly reading: ParsedReading | FailedReading | null;
}

/**
 * Reads the tip of a checkout, without network and without writing.
 * @throws OpsFailure when the commit, a folder or a blob cannot be read
 */
export async function readRepo(checkout: Checkout, tip: Tip): Promise<RepoReading> {
  const reader = new ObjectReader(checkout.gitDir);
  try {
    const { entries } = await reader.list(tip.commit, WORKPLANS_FOLDER);
    const wanted = entries.filter(
      ({ path, mode }) => mode !== SUBMODULE && (isWorkplanPath(path) || path === WORKPLANS_FOLDER),
    );
    const standing =
      tip.checkedOut && !checkout.bare
        ? readStanding(checkout.path, tip.commit.length)
        : new Map<string, StandingFile>();
    const endless = wanted.find(({ path }) => Buffer.byteLength(path) > MAX_PATH_BYTES);
    if (endless) throw pathTooLong(checkout, endless.path);
    const bytesOf = await contents(reader, wanted, standing);
    const readings = wanted.map((entry) => ({
      blob: entry.id,
      reading: readEntry(entry, bytesOf.get(entry.path) ?? null),
    }));
    const files = readings.filter((each): each is FoundFile => each.reading.state !== "ignored");
    const uncommitted = tip.checkedOut && !checkout.bare ? findUncommitted(wanted, standing, bytesOf) : [];
    return { commit: tip.commit, files, ignored: readings.length - files.length, uncommitted };
  } finally {
    await reader.close();
  }
}

// Paths are keys in the hub, and PostgreSQL refuses a key of more than about 2,700 bytes (a third of a page).
const MAX_PATH_BYTES = 1024;

function pathTooLong({ path }: Checkout, file: string): OpsFailure {
  return new OpsFailure("Could not read the repository", {
    observed: `a path of ${Buffer.byteLength(file)} bytes, ${file.slice(0, 60)}...`,
    expected: `at most ${MAX_PATH_BYTES}`,
    where: path,
  });
}

const SUBMODULE = "160000";
const SYMLINK = "120000";

type Content = { readonly bytes: Uint8Array } | { readonly size: number };

interface StandingFile {
  readonly file: WorkTreeFile;
  readonly bytes: Uint8Array | null;
  readonly blob: string | null;
}

/** The work tree's workplans with the ids that git would give them. A file that vanishes meanwhile is left out. */
function readStanding(top: string, idLength: number): Map<string, StandingFile> {
  const standing = new Map<string, StandingFile>();
  for (const file of listWorkTree(top, WORKPLANS_FOLDER, isWorkplanPath).files) {
    const bytes = file.kind === "file" && file.size <= MAX_FILE_BYTES ? readOrNull(top, file.path) : null;
    standing.set(file.path, { file, bytes, blob: bytes === null ? null : blobId(bytes, idLength) });
  }
  return standing;
}

function readOrNull(top: string, path: string): Uint8Array | null {
  try {
    return readWorkTreeFile(top, path);
  } catch {
    return null;
  }
}

/** Bytes of each file: from the work tree where the id proves that they are the same, from git where they are not. */
async function contents(
  reader: ObjectReader,
  wanted: readonly TreeEntry[],
  standing: ReadonlyMap<string, StandingFile>,
) {
  const bytesOf = new Map<string, Content | null>();
  const asked: TreeEntry[] = [];
  for (const entry of wanted) {
    if (entry.mode === SYMLINK) continue;
    const there = standing.get(entry.path);
    if (there?.bytes && there.blob === entry.id) bytesOf.set(entry.path, { bytes: there.bytes });
    else asked.push(entry);
  }
  const answers = await reader.blobs(
    asked.map(({ id }) => id),
    MAX_FILE_BYTES,
  );
  for (const [index, entry] of asked.entries()) bytesOf.set(entry.path, answers[index] ?? null);
  return bytesOf;
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
