// Who is worked on beside whom: too many at once and a server drops connections, too few and one dead host stops all.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inLanes, type Lanes } from "../../../../lib/consistency/sweep/lanes.ts";

/** The first letter is the group: "a1" and "a2" share a limit. */
const groupOf = (item: string) => item.slice(0, 1);

function lanesOf(atOnce: number, atOnceIn: Record<string, number> = {}): Lanes<string> {
  return { atOnce, groupOf, atOnceIn: (group) => atOnceIn[group] ?? Number.POSITIVE_INFINITY };
}

/** What runs, ended item by item by the test. */
class Workshop {
  readonly begun: string[] = [];
  readonly #running = new Map<string, PromiseWithResolvers<void>>();

  readonly work = (item: string): Promise<void> => {
    this.begun.push(item);
    const end = Promise.withResolvers<void>();
    this.#running.set(item, end);
    return end.promise;
  };

  get running(): string {
    return [...this.#running.keys()].join(" ");
  }

  /** Ends one, and resolves when whatever follows from that has begun. */
  async end(item: string, error?: Error): Promise<void> {
    const ended = this.#running.get(item);
    this.#running.delete(item);
    if (error === undefined) ended?.resolve();
    else ended?.reject(error);
    await settled();
  }
}

/** All that waits for nothing but promises has been done. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** @returns what becomes of the whole, as far as it is known */
function outcomeOf(done: Promise<void>): { now: string } {
  const outcome = { now: "under way" };
  done.then(
    () => (outcome.now = "done"),
    (error: unknown) => (outcome.now = `threw ${error instanceof Error ? error.message : error}`),
  );
  return outcome;
}

describe("inLanes()", () => {
  test("keeps every lane busy and no more, and is done when the last one is", async () => {
    const shop = new Workshop();
    const outcome = outcomeOf(inLanes(["a1", "b1", "c1", "d1"], lanesOf(2), shop.work));
    expect(shop.running).toBe("a1 b1");
    await shop.end("b1");
    expect(shop.running).toBe("a1 c1");
    await shop.end("a1");
    expect(shop.running).toBe("c1 d1");
    await shop.end("d1");
    expect(outcome.now).toBe("under way");
    await shop.end("c1");
    expect(outcome.now).toBe("done");
  });

  test("passes over a group at its limit, and comes back to it before what stands behind", async () => {
    const shop = new Workshop();
    const outcome = outcomeOf(inLanes(["a1", "a2", "a3", "b1", "b2"], lanesOf(3, { a: 1 }), shop.work));
    expect(shop.running).toBe("a1 b1 b2");
    await shop.end("b1");
    expect(shop.running).toBe("a1 b2");
    await shop.end("a1");
    expect(shop.running).toBe("b2 a2");
    for (const item of ["b2", "a2", "a3"]) await shop.end(item);
    expect([outcome.now, shop.begun.join(" ")]).toEqual(["done", "a1 b1 b2 a2 a3"]);
  });

  test("begins in the order given when one lane is all there is, whatever the groups", async () => {
    const begun: string[] = [];
    const items = ["c1", "a1", "c2", "b1", "a2"];
    await inLanes(items, lanesOf(1), async (item) => void begun.push(item));
    expect(begun).toEqual(items);
  });

  test("begins nothing after the first error, and throws it when what was running has ended", async () => {
    const shop = new Workshop();
    const outcome = outcomeOf(inLanes(["a1", "b1", "c1", "d1"], lanesOf(3), shop.work));
    await shop.end("b1", new Error("the first"));
    expect([shop.running, outcome.now]).toEqual(["a1 c1", "under way"]);
    await shop.end("c1", new Error("a later one"));
    expect([shop.running, outcome.now]).toEqual(["a1", "under way"]);
    await shop.end("a1");
    expect([outcome.now, shop.begun]).toEqual(["threw the first", ["a1", "b1", "c1"]]);
  });

  test("throws an error that is undefined too", async () => {
    const outcome = outcomeOf(inLanes(["a1"], lanesOf(1), () => Promise.reject(undefined)));
    await settled();
    expect(outcome.now).toBe("threw undefined");
  });

  test("goes on with one lane where a limit is none, and with nothing to do is done", async () => {
    const begun: string[] = [];
    const outcome = outcomeOf(inLanes(["a1", "a2"], lanesOf(0, { a: 0 }), async (item) => void begun.push(item)));
    await settled();
    expect([outcome.now, begun]).toEqual(["done", ["a1", "a2"]]);
    await inLanes([], lanesOf(4), () => Promise.reject(new Error("there was something")));
  });

  test("does everything once, the earliest that may, with no group above its limit and no lane above all", async () => {
    const limit = fc.integer({ min: 1, max: 4 });
    const fleet = fc.record({
      groups: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 25 }),
      atOnce: fc.integer({ min: 1, max: 6 }),
      atOnceIn: fc.record({ a: limit, b: limit, c: limit }),
      /** Which of the running ends next. */
      picks: fc.infiniteStream(fc.nat(100)),
    });
    await fc.assert(
      fc.asyncProperty(fleet, async ({ groups, atOnce, atOnceIn, picks }) => {
        const items = groups.map((group, n) => `${group}${n}`);
        const shop = new Workshop();
        const outcome = outcomeOf(inLanes(items, lanesOf(atOnce, atOnceIn), shop.work));
        const expected = new FirstThatMay(items, atOnce, atOnceIn);
        while (expected.fill()) {
          expect(shop.begun).toEqual(expected.begun);
          const next = expected.running[picks.next().value % expected.running.length] ?? "";
          expected.end(next);
          await shop.end(next);
        }
        await settled();
        expect([outcome.now, shop.begun.toSorted()]).toEqual(["done", items.toSorted()]);
      }),
    );
  });
});

/** The rule, told by one item at a time instead of by queues. */
class FirstThatMay {
  readonly begun: string[] = [];
  running: readonly string[] = [];
  readonly #items: readonly string[];
  readonly #atOnce: number;
  readonly #atOnceIn: Readonly<Record<string, number>>;

  constructor(items: readonly string[], atOnce: number, atOnceIn: Readonly<Record<string, number>>) {
    this.#items = items;
    this.#atOnce = atOnce;
    this.#atOnceIn = atOnceIn;
  }

  /** Begins all that may. @returns whether anything runs */
  fill(): boolean {
    for (const item of this.#items) {
      const beside = this.running.filter((each) => groupOf(each) === groupOf(item)).length;
      if (this.begun.includes(item) || this.running.length >= this.#atOnce) continue;
      if (beside >= (this.#atOnceIn[groupOf(item)] ?? 0)) continue;
      this.begun.push(item);
      this.running = [...this.running, item];
    }
    return this.running.length > 0;
  }

  end(item: string): void {
    this.running = this.running.filter((each) => each !== item);
  }
}
