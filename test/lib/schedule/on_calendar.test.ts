// A schedule for systemd must mean the moments that it means for Kubernetes and for our own slots: systemd itself is asked.
import { describe, expect, test } from "bun:test";
import { cronGrid } from "../../../lib/schedule/cron_grid.ts";
import { onCalendar } from "../../../lib/schedule/on_calendar.ts";
import { seededChoices } from "../../support/seeded_choices.ts";

/** Before the ends of hours, days, months and years: there systemd's own arithmetic has its corners. */
const FROM = ["2027-12-30T22:58:59Z", "2026-11-30T23:59:59Z", "2027-02-27T12:00:00Z", "2028-02-28T23:47:01Z"];
const MOMENTS = 5;

describe("onCalendar()", () => {
  test("writes what a person would", () => {
    const written = [
      "*/15 * * * *",
      "0 3 * * *",
      "30 2,14 1 */3 *",
      "5 8-18 * * 1-5",
      "0 0 * * SUN,SAT",
      "0-20/10 * * 2-4 *",
    ];
    expect(written.map(onCalendar)).toEqual([
      "*-*-* *:00/15:00 UTC",
      "*-*-* 03:00:00 UTC",
      "*-01,04,07,10-01 02,14:30:00 UTC",
      "Mon..Fri *-*-* 08..18:05:00 UTC",
      "Sat,Sun *-*-* 00:00:00 UTC",
      "*-02..04-* *:00,10,20:00 UTC",
    ]);
  });

  test("refuses what is no schedule everywhere", () => {
    expect(() => onCalendar("@daily")).toThrow("Could not read the schedule");
  });

  test("fires for systemd at the moments of its slots", () => {
    const crons = [...CHOSEN, ...generated(60)];
    for (const from of FROM.map((text) => new Date(text))) {
      const fired = systemdMoments(crons.map(onCalendar), from);
      expect(fired).toHaveLength(crons.length);
      for (const [at, cron] of crons.entries()) expect([cron, fired[at]]).toEqual([cron, slotsAfter(cron, from)]);
    }
  });
});

const CHOSEN = [
  "*/15 * * * *",
  "0 3 * * *",
  "0 0 29 2 *",
  "59 23 31 12 *",
  "0 0 * * 0",
  "0 0 31 */2 *",
  // The steps of these go beyond the end of hour, day, month and year when the next moment is looked for.
  "*/7 * * * *",
  "0 */5 * * *",
  "*/7 */5 */9 * *",
  "0 0 1 */5 *",
];

function slotsAfter(cron: string, from: Date): string[] {
  const grid = cronGrid(cron);
  const slots: string[] = [];
  let at: Date | null = from;
  for (let seen = 0; seen < MOMENTS && at !== null; seen++) {
    at = grid.nextAfter(at);
    if (at !== null) slots.push(at.toISOString());
  }
  return slots;
}

/** One call for all of them: each is answered by a paragraph of its own. */
function systemdMoments(expressions: readonly string[], from: Date): string[][] {
  const base = `${from.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const argv = ["systemd-analyze", "calendar", `--iterations=${MOMENTS}`, `--base-time=${base}`, ...expressions];
  const { stdout, stderr, exitCode } = Bun.spawnSync(argv, { env: { PATH: "/usr/bin:/bin", TZ: "UTC", LC_ALL: "C" } });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return stdout
    .toString()
    .trim()
    .split("\n\n")
    .map((answer) =>
      [...answer.matchAll(/(?:Next elapse|Iter\. #\d+): \w{3} (\S+) (\S+) UTC/g)].map(([, day, time]) =>
        new Date(`${day}T${time}Z`).toISOString(),
      ),
    );
}

/** Schedules of every form that is read, the same ones in every run; of the two kinds of days one is always free. */
function generated(count: number): string[] {
  const choices = seededChoices(20_261_121);
  const part = (min: number, max: number): string => {
    const from = min + choices.below(max - min + 1);
    const to = from + choices.below(max - from + 1);
    const step = 1 + choices.below(Math.max(1, (max - min) >> 1));
    return choices.of([String(from), `${from}-${to}`, `${from}-${to}/${step}`, `*/${step}`, `${from},${to}`, "*"]);
  };
  return Array.from({ length: count }, () => {
    const days = choices.of([
      ["*", part(0, 6)],
      [part(1, 28), "*"],
      ["*", "*"],
    ] as const);
    return [part(0, 59), part(0, 23), days[0], choices.of(["*", part(1, 12)]), days[1]].join(" ");
  });
}
