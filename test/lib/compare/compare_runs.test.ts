// The verdict over any history that two schedules may leave: ready only where every threshold holds, counted once more in the
// most simple-minded way.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareRuns } from "../../../lib/compare/compare_runs.ts";
import type { SourceFigures } from "../../../lib/compare/comparison.ts";
import type { Evidence, FindingHistory, ListedFinding, RunRow } from "../../../lib/compare/evidence.ts";

const NOW = new Date("2026-11-21T12:12:00Z");
const PERIOD_MS = 900_000;
const NEWEST_MS = Date.parse("2026-11-21T12:00:00Z");
const SIGNS = ["=", "=", "=", "=", "s", "h", "X", "K", "~", "?", "."] as const;
type Sign = (typeof SIGNS)[number];

const OUTCOMES: Readonly<Record<string, Pick<RunRow, "status" | "report">>> = {
  "=": { status: "succeeded", report: { lock_skipped: false, automation_error: false, duration_ms: 5 } },
  s: { status: "skipped", report: { lock_skipped: true, automation_error: false, duration_ms: 1 } },
  h: { status: "skipped", report: null },
  X: { status: "failed", report: { lock_skipped: true, automation_error: true, duration_ms: 5 } },
  K: { status: "failed", report: null },
  "~": { status: "running", report: null },
  "?": { status: "succeeded", report: { lock_skipped: null, automation_error: false, duration_ms: 5 } },
};

interface History {
  readonly old: readonly Sign[];
  readonly new: readonly Sign[];
  readonly oldFindings: readonly ListedFinding[];
  readonly newFindings: readonly ListedFinding[];
  readonly rows: readonly FindingHistory[];
}

function runsOf(source: string, signs: readonly Sign[]): RunRow[] {
  return signs.flatMap((sign, index) => {
    const outcome = OUTCOMES[sign];
    if (outcome === undefined) return [];
    const at = NEWEST_MS - (signs.length - 1 - index) * PERIOD_MS;
    const iso = (after: number) => new Date(at + after).toISOString();
    const times = { scheduled_for: iso(0), fired_at: iso(1_000), finished_at: iso(6_000) };
    return [{ run_id: `${source} ${index}`, source, ...times, ...outcome }];
  });
}

function evidenceOf(history: History): Evidence {
  const totals = (findings: readonly ListedFinding[]) => ({ "C-05": findings.length });
  return {
    runs: async () => ({ now: NOW, runs: [...runsOf("old", history.old), ...runsOf("new", history.new)] }),
    reports: async (_, newest) => ({
      covered: new Map(),
      findings: new Map(
        newest.map((id) => {
          const findings = id.startsWith("old") ? history.oldFindings : history.newFindings;
          return [id, { totals: totals(findings), findings }];
        }),
      ),
    }),
    history: async () => history.rows,
  };
}

const terms = (slots: number) => ({
  hours: ((slots - 1) * PERIOD_MS + NOW.getTime() - NEWEST_MS) / 3_600_000,
  baseline: "old",
  candidate: "new",
  definitionId: "d",
  schedule: "*/15 * * * *",
});

const aFinding = fc.constantFrom("one", "two", "three").map((subject) => ({
  repo: "alpha",
  check: "C-05",
  path: null,
  subject,
  first_seen: "2026-11-21T10:00:00Z",
}));
/** Mostly well, so that many are ready and many just miss it. */
const aSign = fc.oneof(
  { weight: 30, arbitrary: fc.constant("=" as const) },
  { weight: 1, arbitrary: fc.constantFrom(...SIGNS) },
);
const signs = fc.integer({ min: 8, max: 40 }).chain((length) => {
  const strip = fc.array(aSign, { minLength: length, maxLength: length });
  return fc.record({ old: strip, new: strip });
});
const histories = fc
  .tuple(signs, fc.array(aFinding, { maxLength: 2 }), fc.option(fc.array(aFinding, { maxLength: 2 })))
  .map(
    ([strips, oldFindings, others]): History => ({
      ...strips,
      oldFindings,
      newFindings: others ?? oldFindings,
      rows: [],
    }),
  );

test("compareRuns() is ready only where every threshold holds, and counts each slot once", async () => {
  let ready = 0;
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const length = history.new.length;
      const { verdict, sources, reasons } = await compareRuns(evidenceOf(history), terms(length));
      const count = (strip: readonly Sign[], ...of: Sign[]) => strip.filter((sign) => of.includes(sign)).length;
      for (const [name, strip] of [
        ["old", history.old],
        ["new", history.new],
      ] as const) {
        const figures = sources[name] as SourceFigures;
        expect(figures).toMatchObject({
          expected: length,
          fired: length - count(strip, "."),
          completed: count(strip, "="),
          lock_skipped: count(strip, "s"),
          otherwise_skipped: count(strip, "h"),
          automation_errors: count(strip, "X", "K"),
          running: count(strip, "~"),
          unreported: count(strip, "?"),
          missed: count(strip, "."),
        });
      }
      expect(reasons.length).toBeGreaterThan(0);
      if (verdict !== "ready") return;
      ready++;
      const ids = (findings: readonly ListedFinding[]) => findings.map(({ subject }) => subject).sort();
      const holds =
        length >= 12 &&
        (length - count(history.new, ".")) / length >= 0.95 &&
        Math.min(count(history.old, "="), count(history.new, "=")) >= 3 &&
        count(history.new.slice(-3), "=", "s") > 0 &&
        count(history.new, "X", "K") <= count(history.old, "X", "K") &&
        JSON.stringify(ids(history.oldFindings)) === JSON.stringify(ids(history.newFindings));
      expect(holds).toBe(true);
    }),
    { numRuns: 500, seed: 64 },
  );
  // A property of nothing would hold as well.
  expect(ready).toBeGreaterThan(60);
});

test("compareRuns() leaves slots alone that may still be served", async () => {
  const strip = Array<Sign>(16).fill("=");
  const evidence = evidenceOf({
    old: strip,
    new: [...strip.slice(0, -1), "."],
    oldFindings: [],
    newFindings: [],
    rows: [],
  });
  const at = (now: string): Evidence => ({
    ...evidence,
    runs: async (asked) => ({ ...(await evidence.runs(asked)), now: new Date(now) }),
  });
  const expected = async (now: string, settledAfterSeconds?: number) => {
    const asked = { ...terms(16), hours: 3.9, ...(settledAfterSeconds === undefined ? {} : { settledAfterSeconds }) };
    const { sources, slots } = await compareRuns(at(now), asked);
    return [slots.at(-1), sources.new?.missed];
  };
  expect(await expected("2026-11-21T12:08:59.999Z")).toEqual(["2026-11-21T11:45:00.000Z", 0]);
  expect(await expected("2026-11-21T12:09:00.000Z")).toEqual(["2026-11-21T12:00:00.000Z", 1]);
  expect(await expected("2026-11-21T12:01:59.000Z", 120)).toEqual(["2026-11-21T11:45:00.000Z", 0]);
  expect(await expected("2026-11-21T12:02:00.000Z", 120)).toEqual(["2026-11-21T12:00:00.000Z", 1]);
  // Never longer than to the next slot.
  expect(await expected("2026-11-21T12:14:59.999Z", 3_600)).toEqual(["2026-11-21T11:45:00.000Z", 0]);
  expect(await expected("2026-11-21T12:15:00.000Z", 3_600)).toEqual(["2026-11-21T12:00:00.000Z", 1]);
});
