// Every combination of what may fire: one owner is said only where all others were asked.
import { describe, expect, test } from "bun:test";
import type { OwnerId, OwnerSight } from "../../../../lib/cutover/schedule/sight.ts";
import { verdictOf } from "../../../../lib/cutover/schedule/verdict.ts";

const IDS: readonly OwnerId[] = ["timer", "old_timer", "cron", "cronjob"];
const sights = (fires: Partial<Record<OwnerId, boolean | null>>): OwnerSight[] =>
  IDS.map((id) => {
    const enabled = fires[id] === undefined ? false : fires[id];
    return { id, name: id, enabled, active: enabled, detail: "", remedy: null, next: null };
  });

describe("verdictOf()", () => {
  test("names the one that fires, by whatever name its timer goes", () => {
    expect(verdictOf(sights({ timer: true }), null)).toBe("timer");
    expect(verdictOf(sights({ old_timer: true }), null)).toBe("timer");
    expect(verdictOf(sights({ cronjob: true }), null)).toBe("cronjob");
    expect(verdictOf(sights({ cron: true }), null)).toBe("foreign");
    expect(verdictOf(sights({}), null)).toBe("none");
  });

  test("is both for every two that fire, except a timer and a CronJob that says so itself", () => {
    for (const [at, first] of IDS.entries())
      for (const second of IDS.slice(at + 1)) {
        expect(verdictOf(sights({ [first]: true, [second]: true }), null)).toBe("both");
        const declared = second === "cronjob" && first !== "cron";
        expect(verdictOf(sights({ [first]: true, [second]: true }), "2026-11-21")).toBe(declared ? "parallel" : "both");
      }
    expect(verdictOf(sights({ timer: true, old_timer: true, cronjob: true }), "2026-11-21")).toBe("both");
  });

  test("is unknown when one could not be asked, unless two fire anyway; a mark alone makes nothing parallel", () => {
    for (const id of IDS) {
      expect(verdictOf(sights({ [id]: null }), null)).toBe("unknown");
      const others = IDS.filter((each) => each !== id);
      expect(verdictOf(sights({ [id]: null, [others[0] as OwnerId]: true }), null)).toBe("unknown");
      const two = { [others[0] as OwnerId]: true, [others[1] as OwnerId]: true };
      expect(verdictOf(sights({ [id]: null, ...two }), null)).toBe("both");
    }
    expect(verdictOf(sights({ timer: true, cronjob: true, cron: null }), "2026-11-21")).toBe("unknown");
    expect(verdictOf(sights({ timer: true }), "2026-11-21")).toBe("timer");
  });
});
