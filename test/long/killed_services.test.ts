// Hubs that are killed at random moments of the sweeps that they do for somebody else, again and again: each run is told of
// as finished or interrupted, none stays at work for ever, and what the files need is written once.
import { expect, test } from "bun:test";
import { addAndSettle, endRound, killedServices } from "../support/killed_services.ts";

const ROUNDS = 40;

test("a hub killed in 40 sweeps: each run ends in its row, who asked is told, and the next sweep goes on", async () => {
  const world = await killedServices();
  try {
    await addAndSettle(world);
    let interrupted = 0;
    for (let round = 1; round <= ROUNDS; round++) if ((await endRound(world, round)) === "interrupted") interrupted++;
    // Some came after the run's end on a quick machine; if most did, nothing was tested.
    expect(interrupted).toBeGreaterThan(ROUNDS / 4);
    expect(interrupted).toBeLessThan(ROUNDS);
  } finally {
    await world.close();
  }
}, 400_000);
