// Plans and what became of them, for people: the gates in one table, the steps in another, and in one line what it came to.
import type { View } from "../../cli/define_script.ts";
import { describeFailure } from "../../failure.ts";
import type { Plan } from "../../plan/plan.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Applied } from "./apply_move.ts";
import type { GateAnswer } from "./gates/gate.ts";
import type { ActName } from "./move_terms.ts";

export interface ShownPlan {
  readonly promise: string;
  /** null: it was not saved. */
  readonly saved: string | null;
  readonly gates: readonly GateAnswer[];
  readonly plan: Plan;
  readonly exitCode: 0 | 1 | 2;
}

export function renderPlan({ promise, saved, gates, plan, exitCode }: ShownPlan, view: View): string {
  return [
    gateTable(gates, view),
    ...remedies(gates),
    exitCode === 0 ? stepTable(plan, view) : "",
    LAST_WORDS[exitCode](view, promise, saved ?? ""),
    ...(plan.terms.cluster_is_gone === true ? [view.paint.error(LEFT_ALIVE)] : []),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const LEFT_ALIVE =
  "The CronJob is NOT suspended by this plan. If the cluster comes back, both run: suspend it there before anything else.";

const LAST_WORDS: Readonly<Record<0 | 1 | 2, (view: View, promise: string, file: string) => string>> = {
  0: ({ paint }, promise, file) =>
    `${paint.ok("May be done.")} ${promise}. Nothing was changed yet; the plan is ${file}`,
  1: ({ paint }) => `${paint.error("Refused.")} No plan was saved, and nothing was changed`,
  2: ({ paint }) => `${paint.warning("Could not tell.")} No plan was saved, and nothing was changed`,
};

function gateTable(gates: readonly GateAnswer[], { table, paint }: View): string {
  const word = { pass: paint.ok("pass"), refuse: paint.error("refuse"), unknown: paint.warning("unknown") };
  const rows = gates.map(({ id, verdict, says }) => [id, word[verdict], says]);
  return table([{ title: "gate" }, { title: "verdict" }, { title: "what was seen" }], rows);
}

function remedies(gates: readonly GateAnswer[]): string[] {
  const lines = gates.flatMap(({ id, claim, remedy }) =>
    remedy === null ? [] : [`${id}: wanted: ${claim}\n  ${remedy}`],
  );
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function stepTable({ steps }: Plan, { table }: View): string {
  const rows = steps.map(({ id, says, commands }, at) => [
    at + 1,
    id,
    [says, ...commands.map((words) => `$ ${words.map(shellQuoted).join(" ")}`)].join("\n"),
  ]);
  return table([{ title: "", align: "right" }, { title: "step" }, { title: "what it does" }], rows);
}

export interface ShownApplied {
  readonly act: ActName;
  readonly plan: Plan;
  readonly applied: Applied;
}

export function renderApplied({ act, plan, applied }: ShownApplied, view: View): string {
  const { paint } = view;
  switch (applied.came) {
    case "done": {
      const rows = plan.steps.map(({ id }) => [id, words(applied.evidence[id] ?? {})]);
      const steps = view.table([{ title: "step" }, { title: "what is seen" }], rows);
      return [steps, doneWords(act, applied, view)].join("\n\n");
    }
    case "refused": {
      const moved = applied.moved.map(({ fact, was, is }) => [fact, was ?? "none", is ?? "none"]);
      const facts = view.table([{ title: "fact" }, { title: "in the plan" }, { title: "now" }], moved);
      const why =
        moved.length === 0 ? "" : `${facts}\n\n${paint.error("Refused.")} The world is no longer as the plan found it`;
      return [
        gateTable(applied.gates, view),
        ...remedies(applied.gates),
        why || paint.error("Refused."),
        "Nothing was changed",
      ]
        .filter((part) => part !== "")
        .join("\n\n");
    }
    case "over":
      return `${paint.warning("Nothing to do.")} This plan came to its end before: ${applied.outcome}`;
    case "stuck":
      return [
        `${paint.error("Stuck, half done.")} ${describeFailure(applied.error)}`,
        ...(applied.error.hint === undefined ? [] : [`Try: ${applied.error.hint}`]),
        `What was done stays, and is not done twice: the same command goes on where it stopped`,
      ].join("\n");
  }
}

function doneWords(act: ActName, applied: Extract<Applied, { came: "done" }>, { paint }: View): string {
  const canary = applied.evidence.prove_canary;
  if (canary !== undefined) {
    const paintIt = canary.outcome === "passed" ? paint.ok : canary.outcome === "failed" ? paint.error : paint.warning;
    return `${paintIt(`The canary: ${String(canary.outcome)}.`)} ${String(canary.says)}`;
  }
  return paint.ok(DONE[act]);
}

const DONE: Readonly<Record<ActName, string>> = {
  switch:
    "The CronJob has the schedule. From now on apply k8s/apps-after-switch: k8s/apps says suspend: true, and would take it away again.",
  rollback: "The timer has the schedule. From now on apply k8s/apps again, which leaves the CronJob suspended.",
  canary: "",
  parallel: "Timer and CronJob run side by side, by intention. Compare them, then switch.",
  "end-parallel": "The timer runs alone again.",
};

/** "run_id 0193…, slot 2026-…" */
function words(evidence: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(evidence).map(
    ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return shown.join(", ");
}
