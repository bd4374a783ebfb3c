// The name that a client gives a request which it may send again. Two routes that read it differently would take one
// request for two.
import { Problem } from "./problem.ts";

const LONGEST_KEY = 255;

/** @param key the header's value; null where it was not sent @throws Problem 422 for a key that is none */
export function idempotencyKey(key: string | null): string | null {
  if (key === null || (key !== "" && key.length <= LONGEST_KEY && !/[^\x21-\x7e]/.test(key))) return key;
  throw new Problem(422, "Invalid value", {
    errors: [{ at: "header.idempotency-key", message: `must be 1 to ${LONGEST_KEY} visible ASCII characters` }],
  });
}
