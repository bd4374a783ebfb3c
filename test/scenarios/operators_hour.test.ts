import { test } from "bun:test";
import { operatorsHour } from "../support/operators_hour.ts";

test("an operator's hour, 6 ticks of it: files, hub and remotes agree, and no human byte was touched", async () => {
  await operatorsHour({ ticks: 6, seed: Math.floor(Math.random() * 2 ** 31) });
}, 60_000);
