// The bytes of one repository's workplans: those of the tip of its default branch, and those that stand in its work tree.
// Anything that could not be fetched is an error or a gap that is named, never an empty answer: unknown is not absent.
import { OpsFailure } from "../failure.ts";
import type { Checkout, Tip } from "../git/checkout.ts";
import { ObjectReader, type TreeEntry } from "../git/object_reader.ts";
import { blobId, listWorkTree, readWorkTreeFile, type WorkTreeFile } from "../git/work_tree.ts";
import { MAX_FILE_BYTES } from "../workplan/limits.ts";
import { isWorkplanPath, WORKPLANS_FOLDER } from "./workplan_paths.ts";

/** As git's trees have it (gitformat: tree objects). */
export const SYMLINK = "120000";
const SUBMODULE = "160000";
/** All workplans of one repository: what one of them may ask of our memory. */
const MAX_REPO_BYTES = 64 * 1024 * 1024;

export interface RepoFiles {
  readonly commit: string;
  /** The id of the workplans folder; null when the commit has none. */
  readonly tree: string | null;
  readonly entries: readonly TreeEntry[];
  /** By path; null for a blob that git names but does not have, a size for one that is too large to be read. */
  readonly contents: ReadonlyMap<string, Content | null>;
  readonly standing: ReadonlyMap<string, StandingFile>;
  /** The work tree shows this tip, so that a difference is an edit. */
  readonly shown: boolean;
}

export type Content = { readonly bytes: Uint8Array } | { readonly size: number };

export interface StandingFile {
  readonly file: WorkTreeFile;
  readonly bytes: Uint8Array | null;
  readonly blob: string | null;
}

/**
 * Fetches the tip of a checkout, without network and without writing.
 * @param knownTree a workplans folder that was read before
 * @returns null when the folder at the tip is that very one: no file of it is read
 * @throws OpsFailure when the commit, a folder or a blob cannot be read
 */
export async function fetchRepo(checkout: Checkout, tip: Tip): Promise<RepoFiles>;
export async function fetchRepo(checkout: Checkout, tip: Tip, knownTree: string | null): Promise<RepoFiles | null>;
export async function fetchRepo(
  checkout: Checkout,
  tip: Tip,
  knownTree: string | null = null,
): Promise<RepoFiles | null> {
  const reader = new ObjectReader(checkout.gitDir);
  try {
    const { tree, entries: all } = await reader.list(tip.commit, WORKPLANS_FOLDER);
    if (tree !== null && tree === knownTree) return null;
    const entries = all.filter(
      ({ path, mode }) => mode !== SUBMODULE && (isWorkplanPath(path) || path === WORKPLANS_FOLDER),
    );
    const endless = entries.find(({ path }) => Buffer.byteLength(path) > MAX_PATH_BYTES);
    if (endless) throw pathTooLong(checkout, endless.path);
    const shown = tip.checkedOut && !checkout.bare;
    const standing = shown ? readStanding(checkout, tip.commit.length) : new Map<string, StandingFile>();
    return { commit: tip.commit, tree, entries, contents: await contents(reader, entries, standing), standing, shown };
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

function tooMuch({ path }: Checkout): OpsFailure {
  return new OpsFailure("Could not read the repository", {
    observed: `more than ${MAX_REPO_BYTES} bytes of workplans`,
    where: path,
  });
}

/** The work tree's workplans with the ids that git would give them. A file that vanishes meanwhile is left out. */
function readStanding(checkout: Checkout, idLength: number): Map<string, StandingFile> {
  const standing = new Map<string, StandingFile>();
  let total = 0;
  for (const file of listWorkTree(checkout.path, WORKPLANS_FOLDER, isWorkplanPath).files) {
    const readable = file.kind === "file" && file.size <= MAX_FILE_BYTES;
    total += readable ? file.size : 0;
    if (total > MAX_REPO_BYTES) throw tooMuch(checkout);
    const bytes = readable ? readOrNull(checkout.path, file.path) : null;
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
    { each: MAX_FILE_BYTES, together: MAX_REPO_BYTES },
  );
  for (const [index, entry] of asked.entries()) bytesOf.set(entry.path, answers[index] ?? null);
  return bytesOf;
}
