// The last line of a test run, on folders that hold every kind of test that must not pass quietly.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./judge_run.ts";
import { PASS, startTests } from "./support/run_tests_in.ts";

let temp: string;
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), "run-tests-"));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

const runTests = (files: Record<string, string>, ...args: string[]) => startTests(temp, files, ...args).ended();

const CASES: readonly [name: string, files: Record<string, string>, args: string[], code: number, last: string][] = [
  ["a passing test", { "test/a.test.ts": PASS }, [], 0, "1 passed, 0 failed"],
  ["a failing test", { "test/a.test.ts": `${PASS}test("f", () => expect(1).toBe(2));` }, [], 1, "1 passed, 1 failed"],
  ["a skipped test", { "test/a.test.ts": `${PASS}test.skip("s", () => {});` }, [], 1, "1 passed, 1 failed"],
  ["a todo", { "test/a.test.ts": `${PASS}test.todo("t");` }, [], 1, "1 passed, 1 failed"],
  ["a forgotten test.only", { "test/a.test.ts": `${PASS}test.only("o", () => {});` }, [], 1, "0 passed, 1 failed"],
  ["no test file", { "test/a.ts": "" }, [], 1, "0 passed, 1 failed"],
  ["a file without a test", { "test/a.test.ts": PASS, "test/b.test.ts": "" }, [], 1, "1 passed, 1 failed"],
  ["a file that does not load", { "test/a.test.ts": PASS, "test/b.test.ts": "throw 1;" }, [], 1, "1 passed, 1 failed"],
  [
    "process.exit(0) in a test",
    { "test/a.test.ts": `${PASS}test("x", () => process.exit(0));` },
    [],
    1,
    "0 passed, 1 failed",
  ],
  ["a crash", { "test/a.test.ts": `test("c", () => process.kill(process.pid, 11));` }, [], 1, "0 passed, 1 failed"],
  ["a failing afterAll", { "test/a.test.ts": `${PASS}afterAll(() => { throw 1; });` }, [], 1, "1 passed, 1 failed"],
  [
    "an unfinished line",
    { "test/a.test.ts": `test("p", () => process.stdout.write("x"));` },
    [],
    0,
    "1 passed, 0 failed",
  ],
  [
    "a forged summary",
    { "test/a.test.ts": `test("p", () => console.log("9 passed, 0 failed"));` },
    [],
    0,
    "1 passed, 0 failed",
  ],
  [
    "long and bench tests beside",
    { "test/a.test.ts": PASS, "test/long/b.test.ts": "throw 1;", "test/bench/c.test.ts": "throw 1;" },
    [],
    0,
    "1 passed, 0 failed",
  ],
  [
    "a path",
    { "test/lib/a.test.ts": PASS, "test/libs/b.test.ts": "throw 1;" },
    ["./test/lib"],
    0,
    "1 passed, 0 failed",
  ],
  ["a path without a test", { "test/a.test.ts": PASS }, ["test/nowhere"], 1, "0 passed, 1 failed"],
  [
    "a name",
    { "test/a.test.ts": `${PASS}test("f", () => expect(1).toBe(2));`, "test/b.test.ts": PASS },
    ["-t", "passes"],
    0,
    "2 passed, 0 failed",
  ],
  ["a name that no test has", { "test/a.test.ts": PASS }, ["-t", "nobody"], 1, "0 passed, 1 failed"],
];

describe("run_tests.ts", () => {
  test.each(CASES)("run_tests.ts judges %s", async (_name, files, args, code, last) => {
    const ran = await runTests(files, "quick", ...args);
    expect({ code: ran.code, last: ran.last }).toEqual({ code, last });
  });

  test("run_tests.ts runs the long tests alone when asked", async () => {
    const ran = await runTests({ "test/a.test.ts": "throw 1;", "test/long/b.test.ts": PASS }, "long");
    expect({ code: ran.code, last: ran.last }).toEqual({ code: 0, last: "1 passed, 0 failed" });
  });

  test("run_tests.ts refuses an unknown suite with 64", async () => {
    expect((await runTests({}, "all")).code).toBe(64);
  });

  test("judge() names a run that failed though every test passed", () => {
    const report =
      '<testsuites tests="1" failures="0" skipped="0"><testsuite name="a" file="a"></testsuite></testsuites>';
    const verdict = judge({ lane: "only", files: ["a"], exitCode: 1, report, byName: false, noKubectl: null });
    expect(verdict).toMatchObject({ passed: 1, failed: 1 });
    expect(verdict.remarks[0]).toContain("ended with 1");
  });

  test("judge() lets tests that need kubectl be skipped where there is none, says so, and lets no other", () => {
    const cases = [
      '<testcase name="a [needs kubectl]" classname="x"><skipped /></testcase>',
      '<testcase name="b" classname="the door [needs kubectl]"><skipped /></testcase>',
      '<testcase name="c" classname="x" />',
      '<testcase name="d" classname="x"><skipped /></testcase>',
    ];
    const suite = (of: readonly string[], skipped: number) =>
      `<testsuites tests="${of.length}" failures="0" skipped="${skipped}"><testsuite name="a" file="a">${of.join("")}</testsuite></testsuites>`;
    const run = { lane: "only", files: ["a"], exitCode: 0, byName: false };
    const missing = "kubectl 1.27 or newer is not here";
    expect(judge({ ...run, report: suite(cases.slice(0, 3), 2), noKubectl: missing })).toEqual({
      passed: 1,
      failed: 0,
      remarks: [`2 skipped: ${missing}`],
    });
    expect(judge({ ...run, report: suite(cases, 3), noKubectl: missing })).toMatchObject({ passed: 1, failed: 1 });
    expect(judge({ ...run, report: suite(cases.slice(0, 3), 2), noKubectl: null })).toMatchObject({
      passed: 1,
      failed: 2,
    });
  });
});
