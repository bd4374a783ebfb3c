import { expect, test } from "bun:test";
import { proveHashes } from "../../../../lib/postgres/fingerprint/prove_hashes.ts";
import type { Query } from "../../../../lib/query.ts";
import { filled, snapshotOf } from "./printed.ts";

test("proveHashes() finds a server alike whose values and hashes are, and no other", async () => {
  const [db, other] = [await filled(), await filled()];
  const [one, another] = [await snapshotOf(db.url, 1), await snapshotOf(other.url, 1)];
  await one.run((left) =>
    another.run(async (right) => {
      expect(await proveHashes(left, right)).toBe(true);
      // Stand for another major version: of the hash, and of how one value is written.
      const hashed: Query = (text, given) =>
        right(text.replace('(line collate "C", 1)', '(line collate "C", 2)'), given);
      expect(await proveHashes(left, hashed)).toBe(false);
      await right("set local extra_float_digits = 0");
      expect(await proveHashes(left, right)).toBe(false);
    }),
  );
  await Promise.all([one.close(), another.close()]);
  await Promise.all([db.drop(), other.drop()]);
});
