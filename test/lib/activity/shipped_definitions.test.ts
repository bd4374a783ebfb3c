// The definitions that this toolkit comes with.
import { expect, test } from "bun:test";
import { unitNameOf } from "../../../lib/activity/definition.ts";
import { readDefinitions } from "../../../lib/activity/read_definitions.ts";
import { DEFINITIONS_FOLDER, shippedDefinition } from "../../../lib/activity/shipped_definitions.ts";

test("shippedDefinition() finds the sweep by its uuid, and fails for one that nobody knows", () => {
  const sweep = shippedDefinition("7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b");
  expect(sweep).toMatchObject({ id: "the-custodian.state-hub-consistency-sweep", trigger: { cron: "*/15 * * * *" } });
  expect(() => shippedDefinition("00000000-0000-4000-8000-000000000000")).toThrow("Could not find the activity's");
});

test("every shipped file can be used, and is called as its units are", () => {
  const { definitions, problems } = readDefinitions(DEFINITIONS_FOLDER);
  expect(problems).toEqual([]);
  expect(definitions.map(({ file }) => file)).toEqual(definitions.map((each) => `${unitNameOf(each)}.md`));
  expect(definitions.length).toBeGreaterThanOrEqual(2);
});
