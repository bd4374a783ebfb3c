import { expect, test } from "bun:test";
import { behindGentle, gentle } from "../../../lib/process/gentle.ts";

test("gentle() starts a program that has what others leave over", () => {
  const told = Bun.spawnSync(gentle(["nice"]), { stdio: ["ignore", "pipe", "inherit"] }).stdout.toString();
  expect(told).toBe("19\n");
});

test("gentle() leaves a program as it is when it need not give way", () => {
  expect(gentle(["cat", "file"], false)).toEqual(["cat", "file"]);
});

test("behindGentle() names the program, whatever stands before it", () => {
  expect(behindGentle(gentle(["/usr/bin/pg_dump", "--verbose"]))).toBe("/usr/bin/pg_dump");
  expect(behindGentle(["age", "--decrypt"])).toBe("age");
});
