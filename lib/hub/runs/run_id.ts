// The name of a run that the client did not name: the same for the same Idempotency-Key, so that a request which is sent
// again asks for the same run.
import { Problem } from "../http/problem.ts";

const LONGEST_KEY = 255;

/** @throws Problem 422 for a key that is none */
export function runIdOf(runId: string | undefined, key: string | null): string {
  if (runId !== undefined) return runId;
  if (key === null) return Bun.randomUUIDv7();
  if (key === "" || key.length > LONGEST_KEY || /[^\x21-\x7e]/.test(key))
    throw new Problem(422, "Invalid value", {
      errors: [{ at: "header.idempotency-key", message: `must be 1 to ${LONGEST_KEY} visible ASCII characters` }],
    });
  return idFromKey(key);
}

/** A UUID of version 8 (RFC 9562, 5.8): of the key's SHA-256 all bits but those of version and variant. */
function idFromKey(key: string): string {
  const bytes = new Bun.CryptoHasher("sha256").update(`consistency run ${key}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
