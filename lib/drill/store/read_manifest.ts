// Reads a backup's manifest and judges it strictly. What is wrong with it is told apart, because "there is none yet" and "it was
// put here from another backup" call for different people.
import { OpsFailure } from "../../failure.ts";
import { firstFault } from "../../plan/read_json.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { databaseInId, isBackupId, nameInId, takenAt } from "./backup_id.ts";
import { isSealed, MANIFEST_VERSION, type Manifest, manifest, manifestText } from "./manifest.ts";
import { MANIFEST, type Store, type StoredFile } from "./store.ts";

type ManifestFault = "none" | "too_large" | "no_json" | "unknown_version" | "wrong_shape" | "edited" | "of_another";

/** Why a manifest is not believed. */
export interface ManifestProblem {
  readonly kind: ManifestFault;
  /** Completes "ID/manifest.json: ..." */
  readonly says: string;
}

/** One of 10,000 parts has 2 MB. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * @param files those of the folder, where they are known already
 * @throws OpsFailure only when the store does not answer
 */
export async function inspectManifest(
  store: Store,
  id: string,
  files?: readonly StoredFile[],
): Promise<{ readonly manifest: Manifest } | { readonly problem: ManifestProblem }> {
  const there = (files ?? (await store.files(id))).find(({ name }) => name === MANIFEST);
  if (there === undefined)
    return problem("none", "there is none, so that this is no backup: it was cut off, or is being made");
  if (there.bytes > MAX_BYTES) return problem("too_large", `it has ${there.bytes} bytes, more than any manifest`);
  const text = await store.readText(`${id}/${MANIFEST}`, MAX_BYTES);
  return text === null ? problem("none", "it was removed while it was being read") : judge(text, id);
}

/** @throws OpsFailure (automation) for each of the above */
export async function readManifest(store: Store, id: string): Promise<Manifest> {
  const found = await inspectManifest(store, id);
  if ("manifest" in found) return found.manifest;
  throw new OpsFailure("Could not use the backup's manifest", {
    observed: found.problem.says,
    where: `${store.target}, ${id}/${MANIFEST}`,
    hint: `scripts/backup_restore_drill.ts list --store ${shellQuoted(store.target)}`,
  });
}

function judge(text: string, id: string): { manifest: Manifest } | { problem: ManifestProblem } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem("no_json", "it is no JSON: cut off, or overwritten");
  }
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  if (typeof version === "number" && version !== MANIFEST_VERSION)
    return problem("unknown_version", `its version is ${version}, and this toolkit knows ${MANIFEST_VERSION}`);
  const found = manifest.safeParse(value);
  if (!found.success) return problem("wrong_shape", `it is no manifest: ${firstFault(found.error.issues)}`);
  if (!isSealed(found.data)) return problem("edited", "its digest is not that of what it says: it was edited");
  if (manifestText(found.data) !== text) return problem("edited", "it is not written as it was: it was edited");
  if (found.data.id !== id) return problem("of_another", `it is that of another backup, ${shellQuoted(found.data.id)}`);
  if (!isOfItsTime(found.data)) return problem("edited", "its time is not that of its name: it was edited");
  if (!isOfItsDatabase(found.data)) return problem("edited", "its database is not that of its name: it was edited");
  return { manifest: found.data };
}

/** Else the newest backup of one database could be given to another. */
function isOfItsDatabase({ id, database }: Manifest): boolean {
  return !isBackupId(id) || databaseInId(id) === nameInId(database);
}

/** Else a backup could be made the newest, or an old one, by a manifest that was sealed again. */
function isOfItsTime({ id, created_at }: Manifest): boolean {
  return !isBackupId(id) || Math.floor(Date.parse(created_at) / 1000) * 1000 === Number(takenAt(id));
}

function problem(kind: ManifestFault, says: string): { problem: ManifestProblem } {
  return { problem: { kind, says } };
}
