// The slots of a schedule, by UTC whatever the machine's own zone is.
import { describe, expect, test } from "bun:test";
import { cronGrid } from "../../../lib/schedule/cron_grid.ts";

const at = (text: string) => new Date(text);
const texts = (dates: readonly (Date | null)[]) => dates.map((each) => each?.toISOString() ?? null);

describe("cronGrid()", () => {
  const quarters = cronGrid("*/15 * * * *");

  test("slotAt() is the slot itself, and the one before up to the next", () => {
    const asked = [
      "2026-11-21T11:15:00Z",
      "2026-11-21T11:15:00.999Z",
      "2026-11-21T11:29:59.999Z",
      "2026-11-21T11:30:00Z",
    ];
    expect(texts(asked.map((text) => quarters.slotAt(at(text))))).toEqual([
      "2026-11-21T11:15:00.000Z",
      "2026-11-21T11:15:00.000Z",
      "2026-11-21T11:15:00.000Z",
      "2026-11-21T11:30:00.000Z",
    ]);
  });

  test("nextAfter() is never the slot itself", () => {
    expect(
      texts([quarters.nextAfter(at("2026-11-21T11:15:00Z")), quarters.nextAfter(at("2026-11-21T11:14:59.999Z"))]),
    ).toEqual(["2026-11-21T11:30:00.000Z", "2026-11-21T11:15:00.000Z"]);
  });

  test("slotsBetween() has the first moment and not the last, over a day of 25 hours too", () => {
    expect(texts(quarters.slotsBetween(at("2026-11-21T11:00:00Z"), at("2026-11-21T11:30:00Z")))).toEqual([
      "2026-11-21T11:00:00.000Z",
      "2026-11-21T11:15:00.000Z",
    ]);
    // Clocks in Berlin go back at 01:00Z of this day.
    expect(quarters.slotsBetween(at("2026-10-25T00:00:00Z"), at("2026-10-26T00:00:00Z")).length).toBe(96);
    expect(cronGrid("30 2 * * *").slotsBetween(at("2026-10-25T00:00:00Z"), at("2026-10-26T00:00:00Z")).length).toBe(1);
  });

  test("has slots of seconds, never one that is still to come", () => {
    const seconds = cronGrid("*/4 * * * * *");
    expect(
      texts([
        seconds.slotAt(at("2026-11-21T11:15:03.999Z")),
        cronGrid("* * * * * *").slotAt(at("2026-11-21T11:15:03.999Z")),
      ]),
    ).toEqual(["2026-11-21T11:15:00.000Z", "2026-11-21T11:15:03.000Z"]);
  });

  test("has none where the calendar has none", () => {
    expect(cronGrid("0 3 31 2 *").nextAfter(at("2026-11-21T11:15:00Z"))).toBeNull();
  });

  test.each(["", "*/15 * * *", "61 * * * *", "TZ=Europe/Berlin 0 3 * * *", "CRON_TZ=UTC 0 3 * * *", "every day"])(
    "refuses %j",
    (cron) => expect(() => cronGrid(cron)).toThrow("Could not read the schedule"),
  );

  test("lays out no endless list", () => {
    expect(() => cronGrid("* * * * * *").slotsBetween(at("2026-01-01T00:00:00Z"), at("2026-03-01T00:00:00Z"))).toThrow(
      "Could not lay out",
    );
  });
});
