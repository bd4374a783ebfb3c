// A comparison as a person sees it, at the widths that terminals have.
import { expect, test } from "bun:test";
import { comparisonOutcome } from "../../../lib/compare/compare_command.ts";
import { type Comparison, type SlotOutcome, type SourceFigures, THRESHOLDS } from "../../../lib/compare/comparison.ts";
import { plainView } from "../../support/plain_view.ts";

const START = Date.parse("2026-11-18T12:00:00Z");

function figures(strip: readonly SlotOutcome[], given: Partial<SourceFigures> = {}): SourceFigures {
  const count = (outcome: SlotOutcome) => strip.filter((each) => each === outcome).length;
  return {
    expected: strip.length,
    fired: strip.length - count("missed"),
    completed: count("completed"),
    lock_skipped: count("lock_skipped"),
    otherwise_skipped: 0,
    missed: count("missed"),
    automation_errors: count("failed"),
    running: 0,
    unreported: 0,
    off_grid: 0,
    assessment: { "C-06": 1, "C-05": 12 },
    duration_ms: { p50: 9_400, p95: 31_000, max: 118_200 },
    lateness_ms: { p50: 40, p95: 900, max: 1_400 },
    repos_covered: 31,
    strip,
    ...given,
  };
}

function comparison(given: Partial<Comparison> = {}): Comparison {
  const strip = Array<SlotOutcome>(288).fill("completed").with(70, "lock_skipped").with(287, "failed");
  return {
    verdict: "not_ready",
    reasons: ["k8s-cronjob fired in 270 of 288 slots (93.7 %); at least 95 % are wanted"],
    thresholds: THRESHOLDS,
    definition_id: "7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b",
    schedule: "*/15 * * * *",
    baseline: "local-timer",
    candidate: "k8s-cronjob",
    window: { from: "2026-11-18T11:51:00.000Z", until: "2026-11-21T11:51:00.000Z", hours: 72 },
    again: null,
    slots: strip.map((_, index) => new Date(START + index * 900_000).toISOString()),
    sources: {
      "k8s-cronjob": figures(strip.map((each, index) => (index < 18 ? "missed" : each))),
      "local-timer": figures(strip),
    },
    ...given,
  };
}

test("renderComparison() shows figures, strips and verdict", async () => {
  const text = comparisonOutcome(comparison(), null).render(await plainView(100));
  const said = [
    "*/15 * * * * in UTC, 2026-11-18 11:51 UTC to 2026-11-21 11:51 UTC (72 h): 288 slots",
    "k8s-cronjob (candidate)  270 of 288        268           1            0      18       1        0",
    "local-timer (baseline)   288 of 288        286           1            0       0       1        0",
    "local-timer (baseline)   9.4 s, 31 s, 118 s  0.0 s, 0.9 s, 1.4 s            31  C-05 12, C-06 1",
    "  11-18 12:00     .... .... .... .... ..== ==== ==== ==== ==== ==== ==== ====",
    "  11-19 00:00     ==== ==== ==== ==== ==== ==s= ==== ==== ==== ==== ==== ====",
    "  11-21 00:00     ==== ==== ==== ==== ==== ==== ==== ==== ==== ==== ==== ===X",
    "= completed  s lock skipped  . missed  X failed",
    "Not ready: k8s-cronjob may not take over yet",
    "  - k8s-cronjob fired in 270 of 288 slots (93.7 %); at least 95 % are wanted",
  ];
  const lines = text.split("\n");
  for (const line of said) expect(lines).toContain(line);
});

test.each([40, 60, 80, 132, 250])("renderComparison() keeps its strips within %d columns", async (width) => {
  const text = comparisonOutcome(comparison(), null).render(await plainView(width));
  const strips = text.split("\n").filter((line) => /^ {2}11-\d\d \d\d:\d\d/.test(line));
  expect(strips.length).toBeGreaterThanOrEqual(4);
  expect(strips.length).toBeLessThanOrEqual(20);
  for (const line of strips) expect(line.length).toBeLessThanOrEqual(width);
});

test("renderComparison() shows what is not known as unknown, and no strip without slots", async () => {
  const nothing = figures([], { assessment: null, duration_ms: null, lateness_ms: null, repos_covered: 0 });
  const given = comparison({ schedule: null, slots: [], sources: { "k8s-cronjob": nothing, "local-timer": nothing } });
  const text = comparisonOutcome(given, null).render(await plainView(100));
  expect(text).toStartWith("No known schedule in UTC");
  expect(text).toContain("unknown");
  expect(text).not.toContain("= completed");
});

const again = { at: "2026-11-21T15:12:00.000Z", hours: 4 };
test.each([
  ["ready", null, 0, "scripts/cutover.ts schedule switch --hours 72 --baseline local-timer --candidate k8s-cronjob"],
  ["not_ready", null, 1, "scripts/cutover.ts schedule status"],
  ["not_enough_evidence", null, 2, "scripts/cutover.ts schedule status"],
  [
    "not_enough_evidence",
    again,
    2,
    "scripts/compare_sweep_parallel.ts --hours 4 --baseline local-timer --candidate k8s-cronjob --via 'http://[::1]:8000'",
  ],
] as const)("comparisonOutcome() of %s: exit code and next command", async (verdict, later, exitCode, next) => {
  const outcome = comparisonOutcome(comparison({ verdict, again: later }), "http://[::1]:8000");
  expect([outcome.exitCode, outcome.next]).toEqual([exitCode, next]);
  const text = outcome.render(await plainView());
  expect(text.includes("There may be enough from 2026-11-21 15:12 UTC on, over 4 h")).toBe(later !== null);
});

test("comparisonOutcome() offers no switch to a source that a switch does not lead to", () => {
  const back = comparison({ verdict: "ready", baseline: "k8s-cronjob", candidate: "local-timer" });
  expect(comparisonOutcome(back, null)).toMatchObject({ exitCode: 0, next: "scripts/cutover.ts schedule status" });
});
