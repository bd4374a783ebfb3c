// Writes a backup into a store: a folder of its own, the parts, and last of all the manifest. Until then it is no backup, and
// whoever fails takes away what is there.
import { describeFailure, OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { OnStep } from "../../work_step.ts";
import { hashFile } from "./hash_file.ts";
import { rememberManifest } from "./ledger.ts";
import { listBackups } from "./list_backups.ts";
import { type Manifest, type ManifestBody, manifestText, type Part, sealManifest } from "./manifest.ts";
import { MANIFEST, type Store } from "./store.ts";

interface WriterTerms {
  readonly store: Store;
  /** From newBackupId(). */
  readonly id: string;
  /** Keeps the ledger of what this machine made. */
  readonly stateHubHome: string;
  readonly signal?: AbortSignal;
}

/** What the writer cannot know by itself. */
export type SealedFacts = Omit<ManifestBody, "id" | "parts" | "bytes" | "previous">;

/** A backup in the making: parts first, then the seal. */
export interface BackupWriter {
  readonly id: string;
  /** Where a part may be written right in the store's folder; null: write it elsewhere, and put it. */
  localPath(name: string): string | null;
  /** Hashes and stores it; may run for several parts at once. The file may stand at `localPath(name)` already. */
  putPart(o: {
    readonly name: string;
    readonly selection: Part["selection"];
    readonly file: string;
    readonly onProgress?: OnStep;
  }): Promise<Part>;
  /** Makes it a backup. Nothing may be put any more. */
  seal(facts: SealedFacts): Promise<Manifest>;
  /**
   * Takes all of it away, unless it is sealed; never throws.
   * @returns null, or what is left where, in one sentence for a person
   */
  discard(): Promise<string | null>;
}

/** @throws OpsFailure (automation) when the store has no room for a folder */
export async function openBackupWriter({ store, id, stateHubHome, signal }: WriterTerms): Promise<BackupWriter> {
  await store.makeFolder(id);
  const parts: Part[] = [];
  let sealed = false;
  const hashing = signal === undefined ? {} : { signal };
  return {
    id,
    localPath: (name) => store.localPath(`${id}/${name}`),
    putPart: async ({ name, selection, file, onProgress }) => {
      const [hashed] = await Promise.all([hashFile(file, hashing), store.put(file, `${id}/${name}`, onProgress)]);
      const part = { name, selection, ...hashed };
      parts.push(part);
      return part;
    },
    seal: async (facts) => {
      await requireAllThere(store, id, parts);
      const ordered = [...parts].sort((left, right) => (left.name < right.name ? -1 : 1));
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      const made = sealManifest({ ...facts, id, parts: ordered, bytes, previous: await newestIn(store) });
      await store.writeText(`${id}/${MANIFEST}`, manifestText(made));
      rememberManifest(stateHubHome, store.target, made);
      sealed = true;
      return made;
    },
    discard: async () => (sealed ? null : takeAway(store, id)),
  };
}

/** What the store says that it holds; a full quota may show itself here for the first time. */
async function requireAllThere(store: Store, id: string, parts: readonly Part[]): Promise<void> {
  const there = new Map((await store.files(id)).map(({ name, bytes }) => [name, bytes]));
  const wrong = parts.find(({ name, bytes }) => there.get(name) !== bytes);
  if (wrong === undefined) return;
  throw new OpsFailure("Could not finish the backup", {
    observed: `${wrong.name} has ${there.get(wrong.name) ?? "no"} bytes in the store`,
    expected: `${wrong.bytes} bytes, as they were sent`,
    where: `${store.target}, ${id}`,
  });
}

async function newestIn(store: Store): Promise<ManifestBody["previous"]> {
  const newest = (await listBackups(store)).find(({ manifest }) => manifest !== null)?.manifest;
  return newest ? { id: newest.id, digest: newest.digest } : null;
}

async function takeAway(store: Store, id: string): Promise<string | null> {
  try {
    await store.remove(id);
    return null;
  } catch (error) {
    return (
      `Parts of the unfinished ${id} are left in ${shellQuoted(store.target)}: ${describeFailure(error)}. ` +
      "Without a manifest they are no backup; prune takes them away when the store has a file that is a day newer."
    );
  }
}
