// The guard that stands between "the file was not seen" and a row that is marked: what it sights, marks and holds.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Candidate, guardOrphans, SECOND_SIGHTING_MS, WINDOW_MS } from "../../../lib/consistency/orphan_guard.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;

function ago(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

interface Fleet {
  /** Rows with a file. */
  readonly present: number;
  /** Rows without one, first seen so many milliseconds ago; null: not sighted yet. */
  readonly missing: readonly (number | null)[];
  /** Rows orphaned so many milliseconds ago. */
  readonly orphaned?: readonly number[];
}

function judge({ present, missing, orphaned = [] }: Fleet) {
  const row = (id: string, seen: number | null, gone: number | null): Candidate => ({
    id,
    missing_since: seen === null ? null : ago(seen),
    orphaned_at: gone === null ? null : ago(gone),
  });
  const absent = missing.map((seen, n) => row(`missing ${n}`, seen, null));
  const all = [
    ...absent,
    ...Array.from({ length: present }, (_, n) => row(`present ${n}`, null, null)),
    ...orphaned.map((gone, n) => row(`orphaned ${n}`, gone + SECOND_SIGHTING_MS, gone)),
  ];
  const { sighted, orphan, held } = guardOrphans(absent, all, ago(0));
  return { sighted: sighted.length, orphan: orphan.length, held: held.length };
}

const due = (rows: number) => Array<number>(rows).fill(11 * MINUTE);

const CASES: readonly (Fleet & { says: string; verdict: [sighted: number, orphan: number, held: number] })[] = [
  { says: "nothing of nothing", present: 0, missing: [], verdict: [0, 0, 0] },
  { says: "a first sighting only sights", present: 9, missing: [null], verdict: [1, 0, 0] },
  { says: "a sighting a moment short of 10 minutes waits", present: 9, missing: [10 * MINUTE - 1], verdict: [0, 0, 0] },
  { says: "a second sighting at 10 minutes marks", present: 9, missing: [10 * MINUTE], verdict: [0, 1, 0] },
  { says: "a clock set back waits", present: 9, missing: [-60 * MINUTE], verdict: [0, 0, 0] },
  { says: "three of ten are marked", present: 7, missing: due(3), verdict: [0, 3, 0] },
  { says: "four of ten are all held", present: 6, missing: due(4), verdict: [0, 0, 4] },
  { says: "ten per cent of fifty are marked", present: 45, missing: due(5), verdict: [0, 5, 0] },
  { says: "one more than ten per cent of fifty is held", present: 44, missing: due(6), verdict: [0, 0, 6] },
  { says: "ten per cent is rounded down", present: 44, missing: due(5), verdict: [0, 0, 5] },
  { says: "the only row is held", present: 0, missing: due(1), verdict: [0, 0, 1] },
  { says: "the last living row is held", present: 0, missing: due(1), orphaned: [2 * WINDOW_MS], verdict: [0, 0, 1] },
  { says: "all of two are held", present: 0, missing: due(2), verdict: [0, 0, 2] },
  { says: "what was marked within 24 h counts", present: 7, missing: due(1), orphaned: [1, 2, 3], verdict: [0, 0, 1] },
  {
    says: "what was marked 24 h ago does not",
    present: 7,
    missing: due(1),
    orphaned: [1, 2, WINDOW_MS],
    verdict: [0, 1, 0],
  },
  { says: "new ones are sighted while others are held", present: 1, missing: [null, ...due(4)], verdict: [1, 0, 4] },
];

describe("guardOrphans()", () => {
  for (const { says, verdict, ...fleet } of CASES) {
    test(`says that ${says}`, () => {
      const [sighted, orphan, held] = verdict;
      expect(judge(fleet)).toEqual({ sighted, orphan, held });
    });
  }

  test("never marks all rows, never more than the limit within 24 h, and always all that is due or none", () => {
    const since = fc.option(fc.integer({ min: -MINUTE, max: 2 * SECOND_SIGHTING_MS }), { nil: null });
    const fleet = fc.record({
      present: fc.nat({ max: 60 }),
      missing: fc.array(since, { maxLength: 40 }),
      orphaned: fc.array(fc.integer({ min: 0, max: 2 * WINDOW_MS }), { maxLength: 10 }),
    });
    fc.assert(
      fc.property(fleet, (given) => {
        const { sighted, orphan, held } = judge(given);
        const living = given.present + given.missing.length;
        const recent = given.orphaned.filter((gone) => gone < WINDOW_MS).length;
        const ripe = given.missing.filter((seen) => seen !== null && seen >= SECOND_SIGHTING_MS).length;
        if (orphan > 0) {
          expect(orphan).toBeLessThan(living);
          expect(orphan + recent).toBeLessThanOrEqual(Math.max(3, (living + recent) / 10));
        }
        expect([orphan, held].toSorted((left, right) => left - right)).toEqual([0, ripe]);
        expect(sighted).toBe(given.missing.filter((seen) => seen === null).length);
      }),
      { numRuns: 500 },
    );
  });
});
