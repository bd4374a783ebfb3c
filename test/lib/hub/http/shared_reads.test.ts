// Reads that are shared: nobody is given what was read before they asked, and no more than one waits.
import { expect, test } from "bun:test";
import { sharedReads } from "../../../../lib/hub/http/shared_reads.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";

/** Reads that end when the test says so. */
function heldReads() {
  const started: PromiseWithResolvers<string>[] = [];
  const read = () => {
    const made = Promise.withResolvers<string>();
    started.push(made);
    return made.promise;
  };
  return { started, read };
}

function begun(started: readonly unknown[], count: number): Promise<boolean> {
  return waitUntil({ forWhat: `read ${count} to begin`, deadlineMs: 5_000 }, () =>
    started.length === count ? { found: true } : { seen: `${started.length} reads` },
  );
}

test("one that comes while a read runs gets the one that begins next, together with all others who wait", async () => {
  const { started, read } = heldReads();
  const shared = sharedReads<string>();
  const first = shared("key", read);
  const later = Array.from({ length: 50 }, () => shared("key", read));
  expect(started.length).toBe(1);
  started[0]?.resolve("old");
  expect(await first).toBe("old");
  await begun(started, 2);
  const latest = shared("key", read);
  started[1]?.resolve("new");
  expect(new Set(await Promise.all(later))).toEqual(new Set(["new"]));
  await begun(started, 3);
  started[2]?.resolve("newest");
  expect(await latest).toBe("newest");
});

test("a read that fails fails for those who asked for it, not for those who wait", async () => {
  const { started, read } = heldReads();
  const shared = sharedReads<string>();
  const [first, second] = [shared("key", read), shared("key", read)];
  started[0]?.reject(new Error("gone"));
  expect(first).rejects.toThrow("gone");
  await first.catch(() => {});
  await begun(started, 2);
  started[1]?.resolve("there");
  expect(await second).toBe("there");
});

test("different keys do not wait for each other, and one that has ended is read anew", async () => {
  const { started, read } = heldReads();
  const shared = sharedReads<string>();
  const [one, other] = [shared("one", read), shared("other", read)];
  expect(started.length).toBe(2);
  started[1]?.resolve("other");
  expect(await other).toBe("other");
  started[0]?.resolve("one");
  expect(await one).toBe("one");
  const again = shared("one", read);
  expect(started.length).toBe(3);
  started[2]?.resolve("again");
  expect(await again).toBe("again");
});
