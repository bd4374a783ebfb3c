// Who may send which row, by the rows' own locks: two hubs must not send the same event at the same time.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { BEFORE_ALL, claimNext, lockClaimed, markPublished, type Range } from "../../../lib/events/outbox_rows.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { insertEvents } from "./events_scene.ts";

let hub: TestHub;
let ids: string[];
beforeAll(async () => {
  hub = await freshHub();
});
beforeEach(async () => {
  await hub.database.sql`truncate outbox`;
  ids = (await insertEvents(hub.database, 6)).sort();
});
afterAll(() => hub.close());

const memory = { staleAfterMs: 3_000_000, provenSince: "infinity" };
const locked = (range: Range) =>
  hub.database.transaction(async (tx) => (await lockClaimed(tx, range, memory)).map(({ id }) => id));

test("claimNext() hands out the rows in their order, each place once", async () => {
  const { sql } = hub.database;
  const first = await claimNext(sql, BEFORE_ALL, 4);
  const second = await claimNext(sql, first?.upTo ?? BEFORE_ALL, 4);
  expect(await claimNext(sql, second?.upTo ?? BEFORE_ALL, 4)).toBeNull();
  const [some, others] = [await locked(first as Range), await locked(second as Range)];
  expect([some.length, others.length]).toEqual([4, 2]);
  expect([...some, ...others].sort()).toEqual(ids);
});

test("lockClaimed() leaves out what another hub holds, has published, or has not claimed", async () => {
  const { sql } = hub.database;
  const range = (await claimNext(sql, BEFORE_ALL, 10)) as Range;
  const [held = "", published = "", unclaimed = "", ...rest] = ids;
  await markPublished(sql, [published]);
  await sql`update outbox set attempted_at = null where id = ${unclaimed}`;
  await hub.database.transaction(async (other) => {
    await other`select 1 from outbox where id = ${held} for update`;
    expect((await locked(range)).sort()).toEqual(rest);
  });
  expect((await locked(range)).sort()).toEqual([held, ...rest].sort());
});

test("markPublished() counts those alone that still waited", async () => {
  const { sql } = hub.database;
  expect(await markPublished(sql, ids.slice(0, 2))).toBe(2);
  expect(await markPublished(sql, ids)).toBe(4);
  expect(await markPublished(sql, [])).toBe(0);
});
