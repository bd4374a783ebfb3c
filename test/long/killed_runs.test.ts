import { expect, test } from "bun:test";
import { killAndConverge } from "../support/killed_runs.ts";

test("consistency_check.ts killed at 50 random points: the next run converges, and no row is doubled", async () => {
  // A few come after the end on a quick machine; if most did, nothing was tested.
  expect((await killAndConverge(50)).killedInside).toBeGreaterThan(25);
}, 600_000);
