// Readings of many repositories within a bounded memory. Ids must be known across the fleet before anything is written,
// so each repository is read before the first is applied; what does not fit is forgotten and read again when its turn comes.
import { type RepoReading, readRepo } from "./repo_reading.ts";
import type { Sighting } from "./sight.ts";

// About 10 KB a parsed workplan of usual size: 25 MB.
const KEPT_FILES = 2_500;

export class Readings {
  readonly #kept = new Map<string, RepoReading>();
  #files = 0;

  /** Reads a repository, and keeps the reading while there is room. @throws as readRepo */
  async read(repoId: string, sighting: Sighting): Promise<RepoReading> {
    const reading = await readRepo(sighting.checkout, sighting.tip);
    const size = reading.files.length + reading.uncommitted.length;
    if (this.#files + size <= KEPT_FILES) {
      this.#kept.set(repoId, reading);
      this.#files += size;
    }
    return reading;
  }

  /** The reading, from memory where it was kept; it is let go. */
  async take(repoId: string, sighting: Sighting): Promise<RepoReading> {
    const kept = this.#kept.get(repoId);
    if (!kept) return readRepo(sighting.checkout, sighting.tip);
    this.#kept.delete(repoId);
    this.#files -= kept.files.length + kept.uncommitted.length;
    return kept;
  }
}
