// What an operator is told to type leads to the cluster that was asked.
import { expect, test } from "bun:test";
import { applyCommand, forCluster, planCommandOf } from "../../../../lib/cutover/schedule/own_commands.ts";

const USUAL = { context: null, namespace: "state-hub" };
const OTHER = { context: "my prod", namespace: "hub" };
const ROLLBACK = "scripts/cutover.ts schedule rollback";

test("forCluster() adds nothing where nothing was given", () => {
  expect(forCluster(USUAL, `${ROLLBACK} --cluster-is-gone`)).toBe(`${ROLLBACK} --cluster-is-gone`);
});

test("forCluster() names context and namespace in each of the script's commands, quoted, and leaves all others alone", () => {
  const text = `kubectl cluster-info, or: ${ROLLBACK} --cluster-is-gone`;
  expect(forCluster(OTHER, text)).toBe(
    `kubectl cluster-info, or: ${ROLLBACK} --context 'my prod' --namespace hub --cluster-is-gone`,
  );
});

test("applyCommand() and planCommandOf() name the command that a move belongs to, for its cluster", () => {
  const parallel = "scripts/cutover.ts schedule canary --context 'my prod' --namespace hub";
  expect(applyCommand(OTHER, "end-parallel", "/a plan.json")).toBe(`${parallel} --apply '/a plan.json'`);
  expect(planCommandOf(OTHER, "end-parallel")).toBe(`${parallel} --parallel --end`);
  expect(applyCommand(USUAL, "switch", "/p.json")).toBe("scripts/cutover.ts schedule switch --apply /p.json");
});
