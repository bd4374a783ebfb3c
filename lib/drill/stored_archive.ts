// A stored backup as an archive to restore from: each part decrypted in a stream into pg_restore, never onto a disk.
import { OpsFailure } from "../failure.ts";
import type { ClientPrograms } from "../postgres/client_programs.ts";
import { type RestoreTarget, restorePart, type Section } from "../postgres/restore.ts";
import { decryptThrough } from "./age.ts";
import type { Archive } from "./archive.ts";
import { archivedSequences } from "./archived_sequences.ts";
import type { Step } from "./stages.ts";
import type { Manifest } from "./store/manifest.ts";
import { togetherAtMost } from "./together.ts";

export interface StoredArchive {
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

export function storedArchive(o: StoredArchive): Archive {
  const through = o.identity === null ? {} : { through: decryptThrough(o.identity) };
  const definitions = partsOf(o, "definitions");
  const data = partsOf(o, "data");
  const restoreEach = async (target: RestoreTarget, section: Section) => {
    for (const { file } of definitions) await restorePart(target, { file, ...through, section });
  };
  return {
    major: Number.parseInt(o.manifest.versions.client, 10),
    restore: async (target, onProgress) => {
      const watched = { ...target, onProgress };
      await restoreEach(watched, "pre-data");
      await restoreData(watched, { ...o, data, through }, onProgress);
      await restoreEach(watched, "post-data");
    },
    restoreDefinitions: async (target) => {
      await restoreEach(target, "pre-data");
      await restoreEach(target, "post-data");
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

interface Data extends StoredArchive {
  readonly data: readonly PartFile[];
  readonly through: { readonly through?: readonly string[] };
}

/** The largest first: the last one to begin is then a short one. Bytes are those of the parts that are done. */
async function restoreData(
  target: RestoreTarget,
  { data, through, jobs }: Data,
  onProgress: (step: Step) => void,
): Promise<void> {
  const of = data.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytes = 0;
  const signal = target.signal ?? new AbortController().signal;
  const largestFirst = data.toSorted((a, b) => b.bytes - a.bytes);
  await togetherAtMost({ signal, limit: jobs }, largestFirst, async (part, signal) => {
    await restorePart({ ...target, signal }, { file: part.file, ...through });
    bytes += part.bytes;
    onProgress({ bytes, of });
  });
}
