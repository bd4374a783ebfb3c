// What a backup consists of, sealed by a digest over all of it. It is written last: a folder without one is no backup. Each names
// the one before it by digest, so that one that was edited and sealed again disagrees with its neighbour. (pure)
import { z } from "zod";
import { digestOf } from "../../canonical.ts";

/** Of the shape below; another one is not read. */
export const MANIFEST_VERSION = 1;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().nonnegative();

const part = z.strictObject({
  /** "definitions.dump.age", "data-001.dump.age", "facts.json.age"; without .age where nothing is encrypted. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,60}\.(dump|json)(\.age)?$/),
  selection: z.enum(["definitions", "data", "facts"]),
  bytes,
  sha256: hex64,
});

const body = z.strictObject({
  schema_version: z.literal(MANIFEST_VERSION),
  /** The folder's name. */
  id: z.string(),
  /** By the source database's clock, ISO 8601, UTC. */
  created_at: z.iso.datetime(),
  database: z.string(),
  system_identifier: z.string(),
  /** Of the hub's own row; null for another database. */
  instance_id: z.string().nullable(),
  encrypted: z.boolean(),
  /** age's public keys. */
  recipients: z.array(z.string()),
  versions: z.strictObject({ server: z.string(), client: z.string(), toolkit: z.string() }),
  /** Of all tables: a whole number, which may be larger than JSON's. */
  rows: z.string().regex(/^\d+$/),
  /** Of all parts. */
  bytes,
  facts_digest: hex64,
  schema_digest: hex64,
  parts: z.array(part).min(1).max(10_000),
  /** The newest complete one in the store when this was made. */
  previous: z.strictObject({ id: z.string(), digest: hex64 }).nullable(),
});

/** The shape of a manifest.json. */
export const manifest = z.strictObject({ ...body.shape, digest: hex64 });

/** One file of a backup. */
export type Part = z.infer<typeof part>;
/** What a backup is, sealed by its digest. */
export type Manifest = z.infer<typeof manifest>;
/** What is sealed. */
export type ManifestBody = Omit<Manifest, "schema_version" | "digest">;

/** With its digest, over all the rest of it. */
export function sealManifest(what: ManifestBody): Manifest {
  const whole = body.parse({ schema_version: MANIFEST_VERSION, ...what });
  return { ...whole, digest: digestOf(whole) };
}

/** Whether its digest is that of what it says. */
export function isSealed({ digest, ...rest }: Manifest): boolean {
  return digest === digestOf(rest);
}

/** The one text of a manifest: a byte that is another makes it an edited one, wherever it stands. */
export function manifestText(whole: Manifest): string {
  return `${JSON.stringify(manifest.parse(whole), null, 2)}\n`;
}
