import { expect, test } from "bun:test";
import { killSweeps } from "../support/killed_sweeps.ts";

for (const whole of [false, true]) {
  const how = whole ? "with all that it started" : "alone";
  test(`a sweep killed at 50 random points, ${how}: the next one converges, and nothing is written twice`, async () => {
    const { killedInside, killedHalfWay } = await killSweeps(50, () => whole);
    // Some come after its end on a quick machine; if most did, nothing was tested.
    expect(killedInside).toBeGreaterThan(25);
    expect(killedHalfWay).toBeGreaterThan(0);
  }, 300_000);
}
