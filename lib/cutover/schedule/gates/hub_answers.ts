// The hub's database answers: it has the lock, the clock and the proof.
import { hubClock, hubInstance } from "../hub_clock.ts";
import { type Gate, pass } from "./gate.ts";

export const hubAnswers: Gate = {
  id: "hub_answers",
  claim: "The hub answers: its clock counts the slots, its rows prove the runs",
  remedy: "scripts/state_hub.ts status",
  look: async ({ move }) => {
    const [instance, now] = [await hubInstance(move.hub.sql), await hubClock(move.hub.sql)];
    return pass(`instance ${instance}, at ${now.toISOString()}`);
  },
};
