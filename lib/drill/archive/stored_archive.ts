// A stored backup as an archive to restore from: each part decrypted in a stream into pg_restore, never onto a disk.
import { OpsFailure } from "../../failure.ts";
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import { type RestoreTarget, restorePart, type Section } from "../../postgres/client/restore.ts";
import { decryptThrough } from "../backup/age.ts";
import type { Manifest } from "../store/manifest.ts";
import { Tally } from "../tally.ts";
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
    for (const { file, bytes } of definitions)
      await tally.add(
        (onProgress) => restorePart({ ...target, onProgress }, { file, ...through, section }),
        () => bytes,
      );
  };
  return {
    major: Number.parseInt(o.manifest.versions.client, 10),
    restore: async (target, onProgress) => {
      // The definitions are read twice: what comes before the rows, and what comes after.
      const tally = new Tally(onProgress, bytesOf([...definitions, ...data, ...definitions]));
      await restoreEach(target, "pre-data", tally);
      await restoreData(target, { ...o, data, through, tally });
      await restoreEach(target, "post-data", tally);
    },
    restoreDefinitions: async (target) => {
      const tally = new Tally(() => {});
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

function bytesOf(parts: readonly PartFile[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
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
  await togetherAtMost({ signal, limit: jobs }, largestFirst, ({ file, bytes }, signal) =>
    tally.add(
      (onProgress) => restorePart({ ...target, signal, onProgress }, { file, ...through }),
      () => bytes,
    ),
  );
}
