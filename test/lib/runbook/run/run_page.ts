// Runs the blocks of a page that a test writes, in a folder of their own, as `runbook.ts run` does without its command line.
import { environmentForPrograms } from "../../../../lib/config.ts";
import { parseRunbook } from "../../../../lib/runbook/read_runbook.ts";
import { type Choice, planRun } from "../../../../lib/runbook/run/plan_run.ts";
import { type BlockResult, type RanBlocks, type RunTerms, runBlocks } from "../../../../lib/runbook/run/run_blocks.ts";
import type { Page } from "../../../../lib/runbook/toolkit_pages.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

export function pageOf(blocks: string): Page {
  return { ...parseRunbook("runbooks/tend.md", `# Tend\n\n## Do\n\n${blocks}`), kind: "runbook" };
}

/** A block of class run, with what else its fence says. */
export function block(name: string, command: string, more = ""): string {
  return `\`\`\`bash class=run name=${name}${more === "" ? "" : ` ${more}`}\n${command}\n\`\`\`\n`;
}

export function output(name: string, text: string): string {
  return `\`\`\`text class=output name=${name}-output\n${text}\n\`\`\`\n`;
}

export interface RanPage extends RanBlocks {
  /** "name: outcome", or "name: outcome: why", in the order of the run. */
  readonly said: readonly string[];
  of(name: string): BlockResult | undefined;
  readonly lines: readonly string[];
}

export async function runPage(
  blocks: readonly string[],
  terms: Partial<RunTerms> & { readonly choice?: Choice } = {},
): Promise<RanPage> {
  const folder = temporaryFolder();
  const lines: string[] = [];
  try {
    const ran = await runBlocks(planRun(pageOf(blocks.join("\n")), terms.choice ?? {}), {
      root: folder.path,
      env: { ...environmentForPrograms(), ...terms.env },
      deadlineMs: 20_000,
      hurriedMs: 5_000,
      signal: new AbortController().signal,
      confirm: async () => true,
      onStart: () => {},
      onLine: (line) => lines.push(line),
      onEnd: () => {},
      ...withoutEnv(terms),
    });
    const said = ran.results.map(({ name, outcome, why }) => `${name}: ${outcome}${why === null ? "" : `: ${why}`}`);
    return { ...ran, said, lines, of: (name) => ran.results.find((each) => each.name === name) };
  } finally {
    folder.remove();
  }
}

function withoutEnv({ env: _env, choice: _choice, ...rest }: Partial<RunTerms> & { readonly choice?: Choice }) {
  return rest;
}
