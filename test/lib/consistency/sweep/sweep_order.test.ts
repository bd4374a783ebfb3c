// Fairness: what is taken first, and that nobody starves, whatever the budget and however many always fail.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { afterFailure, afterSuccess, type RepoState } from "../../../../lib/consistency/sweep/back_off.ts";
import { inTurn, orderForSweep } from "../../../../lib/consistency/sweep/sweep_order.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;
const ago = (minutes: number) => new Date(NOON - minutes * MINUTE).toISOString();

function state(given: Partial<RepoState>): RepoState {
  return { ok_at: null, tried_at: null, failures: 0, retry_at: null, tip: null, problem: null, ...given };
}

function slugs(states: Record<string, RepoState | null>, manual = false) {
  const repos = Object.keys(states).map((slug) => ({ slug }));
  const order = orderForSweep(repos, ({ slug }) => states[slug] ?? null, { now: ago(0), manual });
  const names = (queue: readonly { slug: string }[]) => queue.map(({ slug }) => slug).join(" ");
  return { healthy: names(order.healthy), failing: names(order.failing), waiting: names(order.waiting) };
}

describe("orderForSweep()", () => {
  test("takes who was never checked first, then the oldest check, then the oldest try, then the slug", () => {
    const states = {
      "e-recent": state({ ok_at: ago(15), tried_at: ago(15) }),
      "d-tried-later": state({ ok_at: ago(60), tried_at: ago(30) }),
      "c-tried-earlier": state({ ok_at: ago(60), tried_at: ago(45) }),
      "b-also-never": null,
      "a-never": state({}),
      "f-recent": state({ ok_at: ago(15), tried_at: ago(15) }),
    };
    expect(slugs(states)).toEqual({
      healthy: "a-never b-also-never c-tried-earlier d-tried-later e-recent f-recent",
      failing: "",
      waiting: "",
    });
  });

  test("gives those that failed a queue of their own, the oldest try first, and passes over those that wait", () => {
    const failing = (tried: number, retry: number, failures = 5) =>
      state({ ok_at: ago(999), tried_at: ago(tried), failures, retry_at: ago(retry) });
    const states = {
      well: state({ ok_at: ago(1), tried_at: ago(1) }),
      "due-late": failing(250, 10),
      "due-early": failing(300, 60),
      "waits-long": failing(10, -200),
      "waits-less": failing(100, -140),
    };
    expect(slugs(states)).toEqual({
      healthy: "well",
      failing: "due-early due-late",
      waiting: "waits-less waits-long",
    });
    expect(slugs(states, true)).toEqual({
      healthy: "well",
      failing: "due-early due-late waits-less waits-long",
      waiting: "",
    });
  });

  test("counts one whose files alone could not be written among the healthy: it was read", () => {
    const unpublished = state({ ok_at: ago(30), tried_at: ago(30), failures: 3, retry_at: ago(-30), tip: "a1" });
    expect(slugs({ unpublished, well: state({ ok_at: ago(15), tried_at: ago(15) }) }).healthy).toBe("unpublished well");
  });

  test("takes a check in the future for none: the clock was set back, and who goes last would go last until it is there", () => {
    const ahead = state({ ok_at: ago(-60), tried_at: ago(-60) });
    const failed = (tried: number) => state({ tried_at: ago(tried), failures: 1, retry_at: ago(tried - 15) });
    const states = {
      well: state({ ok_at: ago(15), tried_at: ago(15) }),
      ahead,
      due: failed(20),
      "due-ahead": failed(-60),
    };
    expect(slugs(states)).toEqual({ healthy: "ahead well", failing: "due-ahead due", waiting: "" });
  });

  test("gives every repository exactly one place, in an order that does not depend on how they came", () => {
    const anyTime = fc.option(fc.integer({ min: -300, max: 3_000 }).map(ago));
    const anyState = fc.option(
      fc
        .record({ ok_at: anyTime, tried_at: anyTime, failures: fc.integer({ min: 0, max: 8 }), retry_at: anyTime })
        .map((given) => state(given)),
    );
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 30 }), (states) => {
        const named = states.map((each, n) => [`r${n}`, each] as const);
        const forward = slugs(Object.fromEntries(named));
        expect(slugs(Object.fromEntries(named.toReversed()))).toEqual(forward);
        const placed = Object.values(forward).join(" ").split(" ").filter(Boolean).sort();
        expect(placed).toEqual(named.map(([slug]) => slug).sort());
      }),
    );
  });
});

describe("inTurn()", () => {
  const placed = (healthy: string[], failing: string[]) =>
    inTurn({ healthy, failing, waiting: ["w"] }).map(({ repo, isFailing }) => (isFailing ? repo.toUpperCase() : repo));

  test("gives every fourth place to one that fails, while there are both", () => {
    expect(placed(["a", "b", "c", "d", "e"], ["x", "y"])).toEqual(["a", "b", "c", "X", "d", "e", "Y"]);
    expect(placed(["a", "b", "c", "d", "e"], [])).toEqual(["a", "b", "c", "d", "e"]);
    expect(placed(["a"], ["x", "y"])).toEqual(["a", "X", "Y"]);
    expect(placed([], [])).toEqual([]);
  });
});

interface Fleet {
  readonly healthy: number;
  /** These never succeed. */
  readonly broken: number;
  /** How many repositories one sweep gets to. */
  readonly budget: number;
  /** Minutes since the last check of each repository at first; null: never; negative: the clock was set back since. */
  readonly ages: readonly (number | null)[];
  readonly knownAsBroken: boolean;
}

const TICKS = 120;
const NOBODY_KNOWS_WHY = "it does not answer";

/** Sweeps a quarter of an hour apart, and whom each took: h0, h1 ... succeed, b0, b1 ... fail. */
function simulate({ healthy, broken, budget, ages, knownAsBroken }: Fleet): string[][] {
  const names = [
    ...Array.from({ length: healthy }, (_, n) => `h${n}`),
    ...Array.from({ length: broken }, (_, n) => `b${n}`),
  ];
  const states = new Map<string, RepoState | null>(
    names.map((slug, n) => {
      const age = ages[n] ?? null;
      const checked = age === null ? null : state({ ok_at: ago(age), tried_at: ago(age) });
      const isKnown = knownAsBroken && slug.startsWith("b");
      return [slug, isKnown ? afterFailure(checked, { now: ago(15), tip: null, problem: NOBODY_KNOWS_WHY }) : checked];
    }),
  );
  return Array.from({ length: TICKS }, (_, tick) => {
    const now = ago(-15 * tick);
    const repos = names.map((slug) => ({ slug }));
    const order = orderForSweep(repos, ({ slug }) => states.get(slug) ?? null, { now, manual: false });
    const taken = inTurn(order)
      .slice(0, budget)
      .map(({ repo }) => repo.slug);
    for (const slug of taken) {
      const before = states.get(slug) ?? null;
      const next = slug.startsWith("h")
        ? afterSuccess({ now, tip: null })
        : afterFailure(before, { now, tip: null, problem: NOBODY_KNOWS_WHY });
      states.set(slug, next);
    }
    return taken;
  });
}

/** The most sweeps from one that took the repository to the next that did, or to the end. */
function longestWait(ticks: readonly string[][], slug: string): number {
  let [longest, since] = [0, 0];
  for (const taken of ticks) {
    since++;
    longest = Math.max(longest, since);
    if (taken.includes(slug)) since = 0;
  }
  return longest;
}

const anyFleet = fc.record({
  healthy: fc.integer({ min: 1, max: 40 }),
  broken: fc.integer({ min: 0, max: 60 }),
  budget: fc.integer({ min: 1, max: 16 }),
  ages: fc.array(fc.option(fc.integer({ min: 1, max: 3_000 })), { maxLength: 100 }),
  knownAsBroken: fc.boolean(),
});

describe("a fleet that is swept in the order of orderForSweep() and inTurn()", () => {
  // Proof. Of k places at least h = k - floor(k / 4) are the healthy queue's, while it lasts. Who is checked goes behind
  // every other one of the queue, so before its next turn each of the others is taken at most once: N / h sweeps, rounded
  // up. One that fails takes a single place of that queue in all its life, and of those known to fail none is in it.
  const placesOf = ({ budget, broken }: Fleet) => (broken === 0 ? budget : budget - Math.floor(budget / 4));

  test("has every healthy repository checked within (H + F) / h sweeps, and within H / h once the broken are known", () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const { healthy, broken, knownAsBroken } = fleet;
        const ticks = simulate(fleet);
        const bound = Math.ceil((healthy + (knownAsBroken ? 0 : broken)) / placesOf(fleet));
        const settled = ticks.slice(bound);
        for (let n = 0; n < healthy; n++) {
          expect(longestWait(ticks, `h${n}`)).toBeLessThanOrEqual(bound);
          expect(longestWait(settled, `h${n}`)).toBeLessThanOrEqual(Math.ceil(healthy / placesOf(fleet)));
        }
      }),
      { numRuns: 60 },
    );
  });

  // One that was checked "in the future" is first, until the clock is there: then it counts as checked, and waits once more.
  test("needs no more than twice as many where the clock was set back by up to two days", () => {
    const ages = fc.array(fc.option(fc.integer({ min: -2_880, max: 2_880 })), { maxLength: 100 });
    fc.assert(
      fc.property(anyFleet, ages, (given, moved) => {
        const fleet = { ...given, ages: moved };
        const bound = 2 * Math.ceil((fleet.healthy + fleet.broken) / placesOf(fleet));
        const ticks = simulate(fleet);
        for (let n = 0; n < fleet.healthy; n++) expect(longestWait(ticks, `h${n}`)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 60 },
    );
  });

  test("needs all of that bound: no smaller one holds", () => {
    const fleet = { healthy: 5, broken: 0, budget: 2, ages: [], knownAsBroken: true };
    expect(longestWait(simulate(fleet), "h4")).toBe(3);
  });

  test("tries each that fails within 4 hours and its turn, with a budget that never reaches the end of the healthy", () => {
    fc.assert(
      fc.property(anyFleet, (given) => {
        const budget = Math.max(4, given.budget);
        const fleet = { ...given, budget, knownAsBroken: true };
        const ticks = simulate(fleet);
        const turn = Math.ceil(fleet.broken / Math.floor(budget / 4));
        for (let n = 0; n < fleet.broken; n++) expect(longestWait(ticks, `b${n}`)).toBeLessThanOrEqual(16 + turn);
      }),
      { numRuns: 60 },
    );
  });

  test("goes on to sweep the healthy with fifty at the head that always fail", () => {
    const ages = [...Array.from({ length: 10 }, () => 30), ...Array.from({ length: 50 }, () => null)];
    const ticks = simulate({ healthy: 10, broken: 50, budget: 4, ages, knownAsBroken: false });
    expect(longestWait(ticks, "h9")).toBeLessThanOrEqual(20);
    expect(longestWait(ticks.slice(20), "h9")).toBeLessThanOrEqual(4);
  });
});
