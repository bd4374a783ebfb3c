import { expect, test } from "bun:test";
import { behindGentle, gentle } from "../../../lib/process/gentle.ts";

// proc(5), /proc/pid/stat: field 19 is the nice value, field 41 the policy; sched(7): SCHED_IDLE is 5.
const LINUX_IDLE = "5";

function scheduled(argv: readonly string[]): { nice: string | undefined; policy: string | undefined } {
  const stat = Bun.spawnSync([...argv], { stdio: ["ignore", "pipe", "inherit"] }).stdout.toString();
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { nice: fields[16], policy: fields[38] };
}

test.skipIf(process.platform !== "linux")("gentle() starts a program that has what others leave over", () => {
  const { nice, policy } = scheduled(gentle(["cat", "/proc/self/stat"]));
  expect(policy === LINUX_IDLE || nice === "19").toBe(true);
});

test("gentle() leaves a program as it is when it need not give way", () => {
  expect(gentle(["cat", "file"], false)).toEqual(["cat", "file"]);
});

test("behindGentle() names the program, whatever stands before it", () => {
  expect(behindGentle(gentle(["/usr/bin/pg_dump", "--verbose"]))).toBe("/usr/bin/pg_dump");
  expect(behindGentle(["nice", "-n", "19", "age"])).toBe("age");
  expect(behindGentle(["age", "--decrypt"])).toBe("age");
});
