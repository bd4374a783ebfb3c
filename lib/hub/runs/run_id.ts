// The name of a run that the client did not name: the same for the same Idempotency-Key, so that a request which is sent
// again asks for the same run.
import { idempotencyKey } from "../http/idempotency_key.ts";

/** @throws Problem 422 for a key that is none */
export function runIdOf(runId: string | undefined, key: string | null): string {
  if (runId !== undefined) return runId;
  const given = idempotencyKey(key);
  return given === null ? Bun.randomUUIDv7() : idFromKey(given);
}

/** A UUID of version 8 (RFC 9562, 5.8): of the key's SHA-256 all bits but those of version and variant. */
function idFromKey(key: string): string {
  const bytes = new Bun.CryptoHasher("sha256").update(`consistency run ${key}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
