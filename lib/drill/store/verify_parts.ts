// Whether the parts in a store are those of the manifest, by size and SHA-256, before one byte of them is decrypted or restored.
import { join } from "node:path";
import type { OnStep } from "../../work_step.ts";
import { hashFile } from "./hash_file.ts";
import type { Manifest, Part } from "./manifest.ts";
import { MANIFEST, type Store } from "./store.ts";
import { isVerificationFile } from "./verification.ts";

interface PartProblem {
  readonly part: string;
  readonly kind: "missing" | "truncated" | "longer" | "changed" | "swapped";
  readonly says: string;
}

interface VerifiedParts {
  readonly problems: readonly PartProblem[];
  readonly remarks: readonly string[];
  /** Where each part that is as it should be lies on this machine. */
  readonly files: ReadonlyMap<string, string>;
}

interface PartsToVerify {
  readonly store: Store;
  readonly manifest: Manifest;
  /** Where parts of a store on another host are fetched to. */
  readonly folder: string;
  /** Other manifests, to say whose part stands in the place of one. */
  readonly others?: readonly Manifest[];
  readonly signal?: AbortSignal;
  readonly onProgress?: OnStep;
}

/** @throws OpsFailure when the store does not answer: then nothing is known; the signal's reason when aborted */
export async function verifyParts(o: PartsToVerify): Promise<VerifiedParts> {
  const { store, manifest } = o;
  const there = new Map((await store.files(manifest.id)).map(({ name, bytes }) => [name, bytes]));
  const problems: PartProblem[] = [];
  const files = new Map<string, string>();
  let done = 0;
  for (const part of manifest.parts) {
    const onBytes = (bytes: number) => o.onProgress?.({ at: part.name, bytes: done + bytes, of: manifest.bytes });
    const wrong = wrongSize(part, there.get(part.name)) ?? (await wrongBytes(part, o, { files, onBytes }));
    if (wrong !== null) problems.push(wrong);
    done += part.bytes;
  }
  return { problems, remarks: extraFiles(manifest, [...there.keys()]), files };
}

/** @param there the size of what lies in its place */
export function wrongSize({ name, bytes }: Part, there: number | undefined): PartProblem | null {
  if (there === undefined) return { part: name, kind: "missing", says: `${name} is missing` };
  if (there === bytes) return null;
  const kind = there < bytes ? "truncated" : "longer";
  return { part: name, kind, says: `${name} has ${there} bytes instead of ${bytes}: it is ${kind}` };
}

interface Reading {
  readonly files: Map<string, string>;
  readonly onBytes: (bytes: number) => void;
}

async function wrongBytes(part: Part, o: PartsToVerify, { files, onBytes }: Reading): Promise<PartProblem | null> {
  const path = `${o.manifest.id}/${part.name}`;
  const local = o.store.localPath(path);
  const file = local ?? join(o.folder, part.name);
  if (local === null) await o.store.fetch(path, file, ({ bytes }) => onBytes(bytes ?? 0));
  const hashing = o.signal === undefined ? {} : { signal: o.signal };
  const { sha256, bytes } = await hashFile(file, local === null ? hashing : { ...hashing, onBytes });
  if (sha256 === part.sha256 && bytes === part.bytes) {
    files.set(part.name, file);
    return null;
  }
  const owner = ownerOf(sha256, part.name, o);
  if (owner === null)
    return { part: part.name, kind: "changed", says: `${part.name} has another SHA-256: its bytes were changed` };
  return { part: part.name, kind: "swapped", says: `${part.name} is not its own: it is ${owner}` };
}

function ownerOf(sha256: string, name: string, { manifest, others = [] }: PartsToVerify): string | null {
  for (const { id, parts } of [manifest, ...others]) {
    const found = parts.find((part) => part.sha256 === sha256 && (id !== manifest.id || part.name !== name));
    if (found !== undefined) return `${found.name} of ${id}`;
  }
  return null;
}

function extraFiles({ id, parts }: Manifest, names: readonly string[]): string[] {
  const known = new Set([MANIFEST, ...parts.map(({ name }) => name)]);
  const extra = names.filter((name) => !known.has(name) && !isVerificationFile(name));
  return extra.map((name) => `${id}/${name} is no part of the backup, and was not read`);
}
