import { test } from "bun:test";
import { operatorsHour } from "../support/operators_hour.ts";

// An hour of ticks, many times over: each with other events, and its seed in the message when it fails.
test("an operator's hour, 90 ticks of it: files, hub and remotes agree, and no human byte was touched", async () => {
  await operatorsHour({ ticks: 90, seed: Math.floor(Math.random() * 2 ** 31) });
}, 290_000);
