// The rule for the two fields that both sides may move: every case of it, and random histories on a real hub.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type FieldValue, threeWay } from "../../../lib/consistency/three_way.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { playHistories } from "./two_way_history.ts";

const CASES: readonly {
  readonly base: FieldValue | undefined;
  readonly file: FieldValue;
  readonly hub: FieldValue;
  readonly rule: ReturnType<typeof threeWay>["rule"];
  readonly value: FieldValue;
}[] = [
  { base: "a", file: "a", hub: "a", rule: "unchanged", value: "a" },
  { base: null, file: null, hub: null, rule: "unchanged", value: null },
  { base: "a", file: "b", hub: "a", rule: "file_moved", value: "b" },
  { base: "a", file: null, hub: "a", rule: "file_moved", value: null },
  { base: null, file: "b", hub: null, rule: "file_moved", value: "b" },
  { base: "a", file: "a", hub: "b", rule: "hub_moved", value: "b" },
  { base: "a", file: "a", hub: null, rule: "hub_moved", value: null },
  { base: null, file: null, hub: "b", rule: "hub_moved", value: "b" },
  { base: "a", file: "b", hub: "b", rule: "both_moved_alike", value: "b" },
  { base: "a", file: null, hub: null, rule: "both_moved_alike", value: null },
  { base: null, file: "b", hub: "b", rule: "both_moved_alike", value: "b" },
  { base: "a", file: "b", hub: "c", rule: "file_wins", value: "b" },
  { base: "a", file: null, hub: "c", rule: "file_wins", value: null },
  { base: "a", file: "b", hub: null, rule: "file_wins", value: "b" },
  { base: null, file: "b", hub: "c", rule: "file_wins", value: "b" },
  { base: undefined, file: "a", hub: "a", rule: "both_moved_alike", value: "a" },
  { base: undefined, file: null, hub: null, rule: "both_moved_alike", value: null },
  { base: undefined, file: "a", hub: "b", rule: "file_wins", value: "a" },
  { base: undefined, file: null, hub: "b", rule: "file_wins", value: null },
  { base: undefined, file: "a", hub: null, rule: "file_wins", value: "a" },
];

describe("threeWay()", () => {
  for (const { base, file, hub, rule, value } of CASES) {
    test(`says ${rule} of base ${base}, file ${file}, hub ${hub}`, () => {
      expect(threeWay(base, file, hub)).toEqual(
        rule === "file_wins" ? { rule, value, loser: hub } : ({ rule, value } as ReturnType<typeof threeWay>),
      );
    });
  }

  test("never loses a value that only one side has moved to, over all values of three places", () => {
    const values = [null, "a", "b", "c"];
    for (const base of [undefined, ...values])
      for (const file of values)
        for (const hub of values) {
          const verdict = threeWay(base, file, hub);
          const kept = [verdict.value, verdict.rule === "file_wins" ? verdict.loser : verdict.value];
          expect(kept).toContain(file === base ? hub : file);
          if (hub !== base && hub !== file) expect(kept).toContain(hub);
        }
  });
});

describe("reconcileRepo()", () => {
  const folder = temporaryFolder();
  let hub: TestHub;
  beforeAll(async () => {
    hub = await freshHub();
  });
  afterAll(async () => {
    await hub.close();
    folder.remove();
  });

  test("follows the rule through 25 random histories of file edits, hub edits and runs, and keeps every loser", async () => {
    await playHistories(hub, folder.path, { histories: 25, rounds: 5, again: "at the end" });
  });
});
