// Plans and what became of them, for people: the gates in a table, the steps one below the other with the commands that they
// run, and in one line what it came to.
import type { View } from "../../cli/define_script.ts";
import { describeFailure } from "../../failure.ts";
import type { Plan } from "../../plan/plan.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Applied } from "./apply_move.ts";
import { exitCodeOf, type GateAnswer } from "./gates/gate.ts";
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
    exitCode === 0 ? stepList(plan, view) : "",
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

const INDENT = "    ";

/** No table: a path, a unit's name and a command stay in one piece, to be read and copied. */
function stepList({ steps }: Plan, { width, paint }: View): string {
  const wrapped = (says: string) => Bun.wrapAnsi(says, width - INDENT.length, { hard: false }).split("\n");
  return steps
    .flatMap(({ id, says, commands }, at) => [
      `${at + 1}.`.padEnd(INDENT.length) + paint.strong(id),
      ...wrapped(says).map((line) => `${INDENT}${line}`),
      ...commands.map((words) => `${INDENT}$ ${paint.command(words.map(shellQuoted).join(" "))}`),
    ])
    .join("\n");
}

export interface ShownApplied {
  readonly act: ActName;
  readonly plan: Plan;
  readonly applied: Applied;
}

export function renderApplied({ act, plan, applied }: ShownApplied, view: View): string {
  const { paint } = view;
  switch (applied.came) {
    case "done":
      return [seenList(plan, applied.evidence, view), doneWords(act, applied, view)].join("\n\n");
    case "refused":
      return renderRefused(applied, view);
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

/** No table, for the same reason. */
function seenList({ steps }: Plan, evidence: Done["evidence"], { width, paint }: View): string {
  const indent = Math.max(...steps.map(({ id }) => id.length)) + 2;
  const wrapped = (text: string) => Bun.wrapAnsi(text, width - indent, { hard: false }).split("\n");
  return steps
    .map(({ id }) => {
      const seen = wrapped(words(evidence[id] ?? {}) || "was over before").join(`\n${" ".repeat(indent)}`);
      return `${paint.strong(id)}${" ".repeat(indent - id.length)}${seen}`;
    })
    .join("\n");
}

type Done = Extract<Applied, { came: "done" }>;

function renderRefused({ gates, moved }: Extract<Applied, { came: "refused" }>, view: View): string {
  const { table, paint } = view;
  const rows = moved.map(({ fact, was, is }) => [fact, was ?? "none", is ?? "none"]);
  const facts = table([{ title: "fact" }, { title: "in the plan" }, { title: "now" }], rows);
  const untold = moved.length === 0 && exitCodeOf(gates) === 2;
  const word = untold ? paint.warning("Could not tell.") : paint.error("Refused.");
  const why = moved.length === 0 ? "" : " The world is no longer as the plan found it.";
  return [
    gateTable(gates, view),
    ...remedies(gates),
    ...(moved.length === 0 ? [] : [facts]),
    `${word}${why} Nothing was changed`,
  ].join("\n\n");
}

function doneWords(act: ActName, applied: Done, { paint }: View): string {
  const canary = applied.evidence.prove_canary;
  if (canary !== undefined) {
    const paintIt = canary.outcome === "passed" ? paint.ok : canary.outcome === "failed" ? paint.error : paint.warning;
    return `${paintIt(`The canary: ${String(canary.outcome)}.`)} ${sentence(String(canary.says))}`;
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
  return Object.entries(evidence)
    .map(([key, value]) => `${key} ${shown(value)}`)
    .join(", ");
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shown).join(" and ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
