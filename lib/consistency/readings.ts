// Readings of many repositories within a bounded memory. Ids must be known across the fleet before anything is written,
// so each repository is read before the first is applied. In between only the bytes of its files are kept, a fifth of what
// their parsed form takes; what does not fit is let go and fetched again when its turn comes.
import { fetchRepo, type RepoFiles } from "./repo_files.ts";
import { parseRepo, type RepoReading } from "./repo_reading.ts";
import type { Sighting } from "./sight.ts";

/** What the files say, with the files themselves. */
export interface TakenReading {
  readonly reading: RepoReading;
  readonly files: RepoFiles;
}

const KEPT_BYTES = 9 * 1024 * 1024;
// Texts of files are large and die young; left alone, the collector lets them pile up to twice what is alive.
const COLLECT_EVERY_FILES = 500;

export class Readings {
  readonly #kept = new Map<string, RepoFiles>();
  #keptBytes = 0;
  #parsedSinceCollection = 0;

  /**
   * Reads a repository, and keeps its files while there is room.
   * @returns null when its workplans folder is `knownTree`
   * @throws as fetchRepo
   */
  async read(repoId: string, sighting: Sighting, knownTree: string | null): Promise<RepoReading | null> {
    const files = await fetchRepo(sighting.checkout, sighting.tip, knownTree);
    if (files === null) return null;
    const size = sizeOf(files);
    if (this.#keptBytes + size <= KEPT_BYTES) {
      this.#kept.set(repoId, files);
      this.#keptBytes += size;
    }
    return this.#parse(files);
  }

  /** The reading again, from the files that were kept where they were; they are let go. @throws as fetchRepo */
  async take(repoId: string, sighting: Sighting): Promise<TakenReading> {
    const kept = this.#kept.get(repoId);
    if (kept) this.#keptBytes -= sizeOf(kept);
    this.#kept.delete(repoId);
    const files = kept ?? (await fetchRepo(sighting.checkout, sighting.tip));
    return { reading: this.#parse(files), files };
  }

  #parse(files: RepoFiles): RepoReading {
    this.#parsedSinceCollection += files.entries.length;
    if (this.#parsedSinceCollection >= COLLECT_EVERY_FILES) {
      this.#parsedSinceCollection = 0;
      Bun.gc(true);
    }
    return parseRepo(files);
  }
}

/** Bytes held; an unedited file stands in the work tree as it was committed, and is held once. */
function sizeOf({ contents, standing }: RepoFiles): number {
  const held = new Set<Uint8Array>();
  for (const content of contents.values()) if (content && "bytes" in content) held.add(content.bytes);
  for (const { bytes } of standing.values()) if (bytes) held.add(bytes);
  return [...held].reduce((sum, { length }) => sum + length, 0);
}
