// A stored backup as an archive to restore from: each part decrypted in a stream into pg_restore, never onto a disk.
import { OpsFailure } from "../../failure.ts";
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import { type RestoreTarget, restorePart, type Section } from "../../postgres/client/restore.ts";
import { decryptThrough } from "../backup/age.ts";
import type { Step } from "../stages.ts";
import type { Manifest } from "../store/manifest.ts";
import { togetherAtMost } from "../together.ts";
import type { Archive } from "./archive.ts";
import { archivedSequences } from "./archived_sequences.ts";

interface StoredArchive {
  readonly manifest: Manifest;
  /** Where each part lies on this machine. */
  readonly files: ReadonlyMap<string, string>;
  /** null: the parts are not encrypted. */
  readonly identity: string | null;
  readonly jobs: number;
  readonly programs: ClientPrograms;
  readonly env: Record<string, string>;
  /** For the lists that pg_restore is given. */
  readonly workspace: string;
}

/** @returns the archive; nothing is read yet */
export function storedArchive(o: StoredArchive): Archive {
  const through = o.identity === null ? {} : { through: decryptThrough(o.identity) };
  const definitions = partsOf(o, "definitions");
  const data = partsOf(o, "data");
  const restoreEach = async (target: RestoreTarget, section: Section, tally: Tally) => {
    for (const part of definitions)
      await tally.reading(part, (onProgress) =>
        restorePart({ ...target, onProgress }, { file: part.file, ...through, section }),
      );
  };
  return {
    major: Number.parseInt(o.manifest.versions.client, 10),
    restore: async (target, onProgress) => {
      // The definitions are read twice: what comes before the rows, and what comes after.
      const tally = new Tally([...definitions, ...data, ...definitions], onProgress);
      await restoreEach(target, "pre-data", tally);
      await restoreData(target, { ...o, data, through, tally });
      await restoreEach(target, "post-data", tally);
    },
    restoreDefinitions: async (target) => {
      const tally = new Tally(definitions, () => {});
      await restoreEach(target, "pre-data", tally);
      await restoreEach(target, "post-data", tally);
    },
    sequences: (signal) =>
      archivedSequences({ ...o, archives: data.map(({ file }) => ({ file, ...through })), signal }),
  };
}

interface PartFile {
  readonly file: string;
  readonly bytes: number;
}

function partsOf({ manifest, files }: StoredArchive, selection: "definitions" | "data"): PartFile[] {
  return manifest.parts
    .filter((part) => part.selection === selection)
    .map(({ name, bytes }) => {
      const file = files.get(name);
      if (file === undefined) throw new OpsFailure("Could not find a part of the backup", { where: name });
      return { file, bytes };
    });
}

/** What was read of all parts together, since each program knows of its own alone. */
class Tally {
  readonly #of: number;
  readonly #onProgress: (step: Step) => void;
  #bytes = 0;

  constructor(parts: readonly PartFile[], onProgress: (step: Step) => void) {
    this.#of = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#onProgress = onProgress;
  }

  /** @param read reads the part, and says what it has read of it; small ones are done before anybody has looked */
  async reading({ bytes: whole }: PartFile, read: (onProgress: (step: Step) => void) => Promise<void>): Promise<void> {
    let before = 0;
    const onProgress = ({ at, bytes = before }: Step) => {
      this.#bytes += bytes - before;
      before = bytes;
      this.#onProgress({ bytes: this.#bytes, of: this.#of, ...(at === undefined ? {} : { at }) });
    };
    await read(onProgress);
    onProgress({ bytes: whole });
  }
}

interface Data extends StoredArchive {
  readonly data: readonly PartFile[];
  readonly through: { readonly through?: readonly string[] };
  readonly tally: Tally;
}

/** The largest first: the last one to begin is then a short one. */
async function restoreData(target: RestoreTarget, { data, through, jobs, tally }: Data): Promise<void> {
  const signal = target.signal ?? new AbortController().signal;
  const largestFirst = data.toSorted((a, b) => b.bytes - a.bytes);
  await togetherAtMost({ signal, limit: jobs }, largestFirst, (part, signal) =>
    tally.reading(part, (onProgress) =>
      restorePart({ ...target, signal, onProgress }, { file: part.file, ...through }),
    ),
  );
}
