import { afterEach, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addEntry, readJournal } from "../../../lib/plan/journal.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
const path = join(folder.path, "state", "journal.jsonl");
const writer = { path, host: "here", operator: "somebody" };
const plan = "01a1fdf6-b261-7c97-9eca-251b17a203ef";
const add = (step: string) => addEntry(writer, { plan, entry: "begun", step });
const steps = () => readJournal(path).map(({ step }) => step);
afterEach(folder.remove);

test("readJournal() gives back what addEntry() added, with when, where and by whom, in a file of mode 600", () => {
  expect(readJournal(path)).toEqual([]);
  const made = addEntry(writer, { plan, entry: "done", step: "one", act: plan, detail: { seen: "it" } });
  expect(readJournal(path)).toEqual([made]);
  expect(made).toMatchObject({ host: "here", operator: "somebody", pid: process.pid, detail: { seen: "it" } });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("addEntry() never changes a byte that was there", () => {
  add("one");
  const before = readFileSync(path, "utf8");
  add("two");
  expect(readFileSync(path, "utf8").startsWith(before)).toBe(true);
});

test("readJournal() bears with a last line that was cut off at any byte, and addEntry() goes on after it", () => {
  add("one");
  const whole = readFileSync(path, "utf8").length;
  add("two");
  const length = readFileSync(path, "utf8").length;
  const text = readFileSync(path);
  for (let cut = whole; cut < length; cut++) {
    writeFileSync(path, text.subarray(0, cut));
    // But for its line end, a line is whole.
    const kept = cut === length - 1 ? ["one", "two"] : ["one"];
    expect(steps()).toEqual(kept);
    add("three");
    add("four");
    expect(steps()).toEqual([...kept, "three", "four"]);
  }
});

test("readJournal() bears with a crash while it was told of a crash", () => {
  add("one");
  appendFileSync(path, '{"at":"20');
  appendFileSync(path, '\n{"entry":"to');
  add("two");
  expect(steps()).toEqual(["one", "two"]);
});

test("readJournal() refuses a line in the middle that no crash explains", () => {
  add("one");
  appendFileSync(path, "somebody's note\n");
  add("two");
  const text = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, text.filter((line) => !line.includes('"torn"')).join("\n"));
  expect(() => readJournal(path)).toThrow("Could not read the journal");
  truncateSync(path, 0);
  expect(steps()).toEqual([]);
});
