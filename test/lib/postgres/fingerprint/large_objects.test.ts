import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { compareLargeObjects } from "../../../../lib/postgres/fingerprint/compare_objects.ts";
import { fingerprint } from "../../../../lib/postgres/fingerprint/fingerprint.ts";
import { largeObjectRanges, PIECE_BYTES } from "../../../../lib/postgres/fingerprint/large_objects.ts";
import { execute, filled, printed, snapshotOf } from "./printed.ts";

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

test("readLargeObjects() digests what is short whole, and what is long by pieces, at every edge", async () => {
  const sizes = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 70 * PIECE_BYTES];
  const db = await filled(
    ...sizes.map((size, index) => `select lo_from_bytea(${4_000_000_000 + index}, repeat('x', ${size})::bytea)`),
  );
  const digestOf = (size: number) => {
    const content = Buffer.alloc(size, "x");
    if (size < PIECE_BYTES) return sha256(content);
    const pieces = Math.floor(size / PIECE_BYTES) + 1;
    const piece = (n: number) => sha256(content.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES));
    return sha256(Array.from({ length: pieces }, (_, n) => piece(n)).join(""));
  };
  const { largeObjects } = await printed(db.url);
  expect(largeObjects).toEqual(
    sizes.map((size, index) => ({ oid: 4_000_000_000 + index, bytes: size, digest: digestOf(size) })),
  );
  await execute(db.url, `select lo_put(4000000005, ${60 * PIECE_BYTES}, 'y')`, "select lo_unlink(4000000001)");
  expect(compareLargeObjects(largeObjects, (await printed(db.url)).largeObjects)).toEqual([
    { kind: "large object", object: "4000000001", expected: "one", actual: "none" },
    {
      kind: "large object",
      object: "4000000005",
      expected: `digest ${largeObjects[5]?.digest}`,
      actual: expect.stringMatching(/^digest [0-9a-f]{64}$/),
    },
  ]);
  await db.drop();
}, 30_000);

test("readLargeObjects() reads thousands of small ones in few round trips, each once, in the snapshot", async () => {
  const make = "select count(lo_from_bytea(0, i::text::bytea)) from generate_series(1, 1200) i";
  const db = await filled(make);
  const snapshot = await snapshotOf(db.url);
  await execute(db.url, make);
  expect(await snapshot.run(largeObjectRanges)).toMatchObject([{ count: 500 }, { count: 500 }, { count: 200 }]);
  const { largeObjects } = await fingerprint(snapshot);
  expect(largeObjects.map(({ digest }) => digest).sort()).toEqual(
    Array.from({ length: 1200 }, (_, n) => sha256(`${n + 1}`)).sort(),
  );
  expect(largeObjects).toEqual(largeObjects.toSorted((one, other) => one.oid - other.oid));
  await snapshot.close();
  await db.drop();
});
