// That a backup was drilled, kept beside it: `verified-DRILL.json`. It counts for the manifest that was drilled alone, so that one
// that was put in its place later is not taken for proven.
import { z } from "zod";
import { OpsFailure } from "../../failure.ts";
import type { Store, StoredFile } from "./store.ts";

const verification = z.strictObject({
  schema_version: z.literal(1),
  backup_id: z.string(),
  manifest_digest: z.string().regex(/^[0-9a-f]{64}$/),
  drill_id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  /** Whose clock said `at`: the live database's, or that of the host that drilled. */
  clock: z.enum(["database", "host"]),
  verdict: z.enum(["passed", "failed", "could_not_verify"]),
  evidence_digest: z.string().regex(/^[0-9a-f]{64}$/),
});

/** That a backup was drilled, and what came of it. */
export type Verification = z.infer<typeof verification>;

const NAME = /^verified-[A-Za-z0-9-]{1,64}\.json$/;
const MAX_BYTES = 16 * 1024;
/** Of more the newest are read: a drill a day for a year. */
const MOST = 400;

/** On the store's disk when it resolves. */
export async function recordVerification(
  store: Store,
  id: string,
  what: Omit<Verification, "schema_version" | "backup_id">,
): Promise<void> {
  const found = verification.safeParse({ schema_version: 1, backup_id: id, ...what });
  if (!found.success)
    throw new OpsFailure("Could not record the drill", { observed: "it has another shape", cause: found.error });
  await store.writeText(`${id}/verified-${what.drill_id}.json`, `${JSON.stringify(found.data, null, 2)}\n`);
}

/** Such a file is no part of the backup. */
export function isVerificationFile(name: string): boolean {
  return NAME.test(name);
}

interface Verifications {
  /** Newest first. */
  readonly verified: readonly Verification[];
  readonly remarks: readonly string[];
}

/** @param manifestDigest of the manifest that is there now */
export async function readVerifications(
  store: Store,
  id: string,
  { files, manifestDigest }: { readonly files: readonly StoredFile[]; readonly manifestDigest: string },
): Promise<Verifications> {
  const names = files.filter(({ name }) => NAME.test(name)).sort((a, b) => Number(b.modifiedAt) - Number(a.modifiedAt));
  const verified: Verification[] = [];
  const remarks: string[] = [];
  for (const { name, bytes } of names.slice(0, MOST)) {
    const text = bytes > MAX_BYTES ? "" : await store.readText(`${id}/${name}`, MAX_BYTES);
    const found = verification.safeParse(parsed(text ?? ""));
    const why = !found.success
      ? "it is no record of a drill"
      : found.data.backup_id !== id || `verified-${found.data.drill_id}.json` !== name
        ? "it is of another backup or drill"
        : found.data.manifest_digest !== manifestDigest && "it is of another manifest than the one that is there";
    if (found.success && !why) verified.push(found.data);
    else remarks.push(`${id}/${name} does not count: ${why}`);
  }
  return { verified: verified.sort((a, b) => (a.at < b.at ? 1 : -1)), remarks };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
