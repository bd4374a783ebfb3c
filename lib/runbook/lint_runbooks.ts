// The body of `runbook.ts lint`: every rule over every page that was asked for. It reads, and runs nothing of what it reads.
import type { Outcome, Script } from "../cli/define_script.ts";
import { blocksBashCannotRead } from "./lint/bash_syntax.ts";
import type { LintContext, Rule } from "./lint/rule.ts";
import { RULES } from "./lint/rules.ts";
import type { LintReport, Problem } from "./lint_report.ts";
import { renderLint } from "./lint_view.ts";
import { isCommand } from "./read_runbook.ts";
import { toolkitCommandsIn } from "./toolkit_commands.ts";
import { type Page, pagesNamed, toolkitPages } from "./toolkit_pages.ts";

export interface LintRequest {
  /** The toolkit's folder. */
  readonly root: string;
  /** As they are typed; none means all. */
  readonly names: readonly string[];
  /** By its file's name below scripts/; null where there is none. */
  readonly scriptNamed: (name: string) => Promise<Script | null>;
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (usage) for a page that is not there; OpsFailure when bash, or a script, could not be asked */
export async function lintRunbooks(request: LintRequest): Promise<Outcome> {
  const report = await lintReport(request);
  const [first] = report.problems;
  return {
    exitCode: first ? 1 : 0,
    document: { ...report },
    render: (view) => renderLint(report, view),
    next: first ? `scripts/runbook.ts lint ${first.file}` : "scripts/runbook.ts list",
  };
}

export async function lintReport({ root, names, scriptNamed, env, signal }: LintRequest): Promise<LintReport> {
  const pages = toolkitPages(root);
  const asked = pagesNamed(pages, { root, names, commandFor: (name) => `scripts/runbook.ts lint ${name}` });
  const unreadable = await blocksBashCannotRead(asked, { env, signal });
  const problems = await problemsOf(asked, { root, pages, unreadable, scriptNamed });
  return {
    pages: asked.map(({ file }) => file),
    counts: {
      blocks: asked.flatMap(({ blocks }) => blocks.filter(isCommand)).length,
      commands: asked.flatMap(toolkitCommandsIn).length,
      links: asked.flatMap(({ links }) => links).length,
    },
    rules: RULES.map(({ id, claim }) => ({ id, claim })),
    problems,
  };
}

/** By page and line. */
export async function problemsOf(
  pages: readonly Page[],
  context: LintContext,
  rules: readonly Rule[] = RULES,
): Promise<Problem[]> {
  const looks = pages.flatMap((page) =>
    rules.filter(({ on }) => on.includes(page.kind)).map((rule) => ({ page, rule })),
  );
  const found = await Promise.all(
    looks.map(async ({ page, rule }) =>
      (await rule.look(page, context)).map((offence) => ({ file: page.file, rule: rule.id, ...offence })),
    ),
  );
  const order = pages.map(({ file }) => file);
  return found
    .flat()
    .map(({ file, line, rule, what, hint }) => ({ file, line, rule, what, hint }))
    .sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line);
}
