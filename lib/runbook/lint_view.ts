// The lint's report for people: one line for each problem, as editors and grep write places, and then what was looked at.
import type { View } from "../cli/define_script.ts";
import { printable } from "../cli/printable.ts";
import type { LintReport, Problem } from "./lint_report.ts";

export function renderLint(report: LintReport, view: View): string {
  const { problems } = report;
  const lines = problems.map((problem) => lineOf(problem, view));
  const pages = new Set(problems.map(({ file }) => file)).size;
  const said =
    problems.length === 0
      ? view.paint.ok("Nothing to mend")
      : view.paint.error(`${counted(problems.length, "problem")} on ${counted(pages, "page")}`);
  return [...lines, ...(lines.length > 0 ? [""] : []), `${said}: ${whatWasChecked(report)}`].join("\n");
}

/** Never in a table: a place or a command that is broken in two cannot be copied. */
function lineOf({ file, line, rule, what, hint }: Problem, { paint }: View): string {
  return `${paint.strong(`${file}:${line}`)} ${paint.error(rule)} ${printable(what)}; ${printable(hint)}`;
}

function whatWasChecked({ pages, counts, rules }: LintReport): string {
  const parts = [counted(counts.blocks, "block"), counted(counts.commands, "command"), counted(counts.links, "link")];
  return `${counted(pages.length, "page")} with ${parts.join(", ")} checked by ${counted(rules.length, "rule")}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
