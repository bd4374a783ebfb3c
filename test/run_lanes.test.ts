// Two lanes of tests and their one verdict: what goes wrong in the lane whose output comes later must count, be found,
// and end with the other.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../lib/wait_until.ts";
import { WAITING } from "./lanes.ts";
import { processesIn } from "./support/processes_in.ts";
import { PASS, type Started, startTests } from "./support/run_tests_in.ts";

const WORKS = "test/a.test.ts";
const [WAITS = ""] = new Bun.Glob(WAITING[0]?.files ?? "").scanSync(join(import.meta.dir, ".."));
const FAIL = 'test("fails & <says> so", () => expect(1).toBe(2));\n';

let temp: string;
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), "run-lanes-"));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

const runTests = (files: Record<string, string>, ...args: string[]) =>
  startTests(temp, files, "quick", ...args).ended();

test("two lanes run side by side, and their counts are one sum", async () => {
  const meets = (mine: string, other: string) => `
    test("meets ${other}", async () => {
      await Bun.write("${mine}", "");
      for (let left = 200; left > 0 && !(await Bun.file("${other}").exists()); left--) await Bun.sleep(10);
      expect(await Bun.file("${other}").exists()).toBe(true);
    });`;
  const ran = await runTests({ [WORKS]: meets("a", "b"), [WAITS]: PASS + meets("b", "a") });
  expect({ code: ran.code, last: ran.last }).toEqual({ code: 0, last: "3 passed, 0 failed" });
});

test.each([
  ["a test that fails", PASS + FAIL, "2 passed, 1 failed", `Failed: ${WAITS}: fails & <says> so`],
  ["a skipped test", `${PASS}test.skip("s", () => {});`, "2 passed, 1 failed", "1 skipped or todo"],
  ["a file without a test", "", "1 passed, 1 failed", /waiting lane: bun test ended|reported no test/],
  [
    "a crash",
    'test("c", () => process.kill(process.pid, 11));',
    "1 passed, 1 failed",
    "waiting lane: bun test ended with",
  ],
  [
    "process.exit(0)",
    `${PASS}test("x", () => process.exit(0));`,
    "1 passed, 1 failed",
    "waiting lane: bun test ended with 0",
  ],
  ["a failing afterAll", `${PASS}afterAll(() => { throw 1; });`, "2 passed, 1 failed", `Failed: ${WAITS}: (unnamed)`],
])("the verdict counts %s in the lane that is shown later, and says where", async (_name, body, last, says) => {
  const ran = await runTests({ [WORKS]: PASS, [WAITS]: body });
  expect({ code: ran.code, last: ran.last }).toEqual({ code: 1, last });
  expect(ran.err).toMatch(says);
});

test("a failure in the first lane counts too, and is named after all output of the second", async () => {
  const ran = await runTests({ [WORKS]: FAIL, [WAITS]: PASS });
  expect({ code: ran.code, last: ran.last }).toEqual({ code: 1, last: "1 passed, 1 failed" });
  expect(ran.err).toContain(`Failed: ${WORKS}: fails & <says> so`);
});

test("the second lane's output comes whole, after the first's", async () => {
  const says = (word: string) => `test("says", () => console.log("${word}".repeat(100_000)));`;
  const { out, last } = await runTests({ [WORKS]: says("a"), [WAITS]: says("b") });
  expect(last).toBe("2 passed, 0 failed");
  expect(out.match(/a{9,}|b{9,}/g)?.map((run) => `${run[0]}${run.length}`)).toEqual(["a100000", "b100000"]);
});

test("a part that was asked for runs in one lane: a path, and a flag", async () => {
  const files = { [WORKS]: PASS, [WAITS]: PASS };
  for (const args of [["test"], ["-t", "passes"]]) {
    const { err, last } = await runTests(files, ...args);
    expect(last).toBe("2 passed, 0 failed");
    expect(err).not.toContain("side by side");
  }
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s ends both lanes and what they started, and what they said is shown", async (signal, code) => {
  const hangs = (name: string) => `
    test("hangs", async () => {
      console.log("${name} has begun");
      const child = Bun.spawn(["sleep", "600"]);
      await Bun.write("${name}", String(child.pid));
      await child.exited;
    });`;
  const started = startTests(temp, { [WORKS]: hangs("first"), [WAITS]: hangs("second") }, "quick");
  try {
    const ended = started.ended();
    await bothWait(started);
    started.child.kill(signal);
    const ran = await ended;
    expect(ran.code).toBe(code);
    expect(ran.last).toMatch(/^0 passed, [12] failed$/);
    expect(ran.out).toContain("first has begun");
    expect(ran.out).toContain("second has begun");
    expect(processesIn(started.folder)).toEqual([]);
  } finally {
    for (const pid of processesIn(started.folder)) process.kill(Number(pid), "SIGKILL");
  }
});

function bothWait({ folder }: Started): Promise<unknown> {
  const names = ["first", "second"];
  return waitUntil({ forWhat: "both lanes to hang", deadlineMs: 20_000 }, () => {
    const there = names.filter(
      (name) => existsSync(join(folder, name)) && readFileSync(join(folder, name), "utf8") !== "",
    );
    return there.length === names.length ? { found: true } : { seen: there.join() };
  });
}
