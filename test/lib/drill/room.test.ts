import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { requireRoom, requireStoreRoom, roomFor } from "../../../lib/drill/room.ts";

const GB = 1e9;

test("roomFor() counts the dump and the copy, each when it is made", () => {
  const [dump, copy] = [roomFor(GB, { dump: true, copy: false }), roomFor(GB, { dump: false, copy: true })];
  expect(dump).toBeGreaterThanOrEqual(GB / 2);
  expect(copy).toBeGreaterThan(GB);
  expect(roomFor(GB, { dump: true, copy: true })).toBe(dump + copy);
  expect(roomFor(GB, { dump: false, copy: false })).toBe(0);
});

test("requireRoom() refuses what the disk does not have, before anything is written", async () => {
  await requireRoom(tmpdir(), 1);
  const refused = requireRoom(tmpdir(), 1e18);
  await expect(refused).rejects.toMatchObject({ hint: `df -h ${tmpdir()}`, where: tmpdir() });
});

test("requireStoreRoom() believes a store that cannot tell, and refuses one that has too little", async () => {
  const store = (free: number | null) => ({ target: "/backups", freeBytes: async () => free });
  await requireStoreRoom(store(null), GB);
  await requireStoreRoom(store(GB), GB);
  await expect(requireStoreRoom(store(GB - 1), GB)).rejects.toThrow("too little room in the store");
});
