// Plans and what became of them as a person reads them, also on a narrow terminal.
import { expect, test } from "bun:test";
import { renderApplied, renderPlan } from "../../../../lib/cutover/schedule/move_view.ts";
import { sealed } from "../../../../lib/plan/plan.ts";
import { plainView } from "../../../support/plain_view.ts";

const TIMER = "state-hub-consistency-sweep.timer";
const step = (id: string, says: string, commands: string[][] = []) => ({ id, says, commands, undo: "" });
const plan = sealed({
  ...{ kind: "schedule-switch", id: Bun.randomUUIDv7(), made_at: "2026-11-21T11:00:00.000Z", host: "h", operator: "o" },
  terms: {},
  facts: {},
  steps: [
    step("disable_timer", `${TIMER} fires no more: it is disabled and stopped for good, and what it started runs on`, [
      ["systemctl", "--user", "disable", "--now", "--", TIMER],
      ["kubectl", "patch", '--patch={"a": 1}'],
    ]),
    step("wait_for_sweep", "A sweep that runs is waited for"),
  ],
});
const VIEW = await plainView(40);

test("renderPlan() numbers the steps, with each command whole on a line of its own, and no name cut in two", () => {
  const shown = renderPlan(
    { promise: "It moves", saved: "/p.json", gates: [], plan, exitCode: 0 },
    { ...VIEW, width: 30 },
  );
  const lines = shown.split("\n");
  expect(lines).toContain("1.  disable_timer");
  expect(lines).toContain("2.  wait_for_sweep");
  expect(lines).toContain(`    $ systemctl --user disable --now -- ${TIMER}`);
  expect(lines).toContain(`    $ kubectl patch '--patch={"a": 1}'`);
  expect(lines).toContain(`    ${TIMER}`);
  expect(shown).not.toContain("\\n");
});

test("renderApplied() says what was seen in words, a list too, and of a step that was over before that it was", () => {
  const evidence = { disable_timer: { [TIMER]: "fires no more", files: [], enabled: ["a", "b"], suspended: true } };
  const shown = renderApplied(
    { act: "switch", plan, applied: { came: "done", resumed: true, evidence } },
    { ...VIEW, width: 200 },
  );
  expect(shown).toContain(`disable_timer   ${TIMER} fires no more, files none, enabled a and b, suspended yes`);
  expect(shown).toContain("wait_for_sweep  was over before");
});

test("renderApplied() says of a gate that could not tell no refusal, and nothing of facts where none moved", () => {
  const gate = { id: "hub_answers", claim: "it answers", says: "it does not", remedy: "look" } as const;
  const refused = (verdict: "refuse" | "unknown", moved: { fact: string; was: string; is: string }[] = []) =>
    renderApplied(
      { act: "switch", plan, applied: { came: "refused", begun: false, gates: [{ ...gate, verdict }], moved } },
      VIEW,
    );
  expect(refused("unknown")).toEndWith("Could not tell. Nothing was changed");
  expect(refused("refuse")).toEndWith("Refused. Nothing was changed");
  expect(refused("unknown", [{ fact: "owner", was: "timer", is: "none" }])).toEndWith(
    "Refused. The world is no longer as the plan found it. Nothing was changed",
  );
});

test("renderApplied() says a canary's outcome in a sentence", () => {
  const evidence = { prove_canary: { outcome: "passed", says: "its Job is complete" } };
  expect(renderApplied({ act: "canary", plan, applied: { came: "done", resumed: false, evidence } }, VIEW)).toEndWith(
    "The canary: passed. Its Job is complete",
  );
});
