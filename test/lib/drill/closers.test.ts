import { expect, test } from "bun:test";
import { Closers } from "../../../lib/drill/closers.ts";

test("closeAll() closes the last opened first, each once, and goes on behind one that fails", async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.add(async () => void closed.push("first"));
  closers.add(async () => {
    throw new Error("second");
  });
  closers.add(async () => void closed.push("third"));
  expect(await closers.closeAll()).toEqual([new Error("second")]);
  expect(closed).toEqual(["third", "first"]);
  expect(await closers.closeAll()).toEqual([]);
  expect(closed).toHaveLength(2);
});
