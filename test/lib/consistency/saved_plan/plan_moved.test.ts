import { describe, expect, test } from "bun:test";
import { PlanMoved } from "../../../../lib/consistency/saved_plan/plan_moved.ts";
import { describeFailure } from "../../../../lib/failure.ts";

describe("PlanMoved", () => {
  test("lists the first ten things that moved, and counts all", () => {
    const moved = Array.from({ length: 12 }, (_, at) => `thing ${at + 1}`);
    const failure = new PlanMoved("Could not apply the plan", moved, "again");
    expect(describeFailure(failure)).toBe(
      `Could not apply the plan: 12 things have moved since: ${moved.slice(0, 10).join("; ")}; and 2 more`,
    );
    expect(describeFailure(new PlanMoved("Could not", ["it"], "again"))).toBe("Could not: 1 thing has moved since: it");
  });
});
