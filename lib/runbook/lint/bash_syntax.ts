// Whether bash can read a block: a quote that is not closed is found here, not at three in the morning. Nothing is run: bash
// reads each block with -n.
import { OpsFailure } from "../../failure.ts";
import { lastLine, run } from "../../process/run.ts";
import { type Block, isCommand } from "../read_runbook.ts";
import type { Page } from "../toolkit_pages.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

export const bashSyntax: Rule = {
  id: "bash-syntax",
  claim: "bash can read every block that is pasted",
  on: RUNBOOK,
  look: ({ blocks }, { unreadable }) =>
    blocks.flatMap((block) => {
      const said = unreadable.get(block);
      return said === undefined ? [] : [{ line: block.line, what: said, hint: "bash -n says where" }];
    }),
};

/** One process that asks bash about all blocks: starting one for each from here takes three times as long. */
const ASK_ALL = `for block; do bash -n -c "$block" 2>&1 >/dev/null || echo "exit $?"; printf '\\0'; done`;
const DEADLINE_MS = 20_000;

/**
 * What bash says of the blocks that it cannot read.
 * @throws OpsFailure when bash cannot be asked
 */
export async function blocksBashCannotRead(
  pages: readonly Page[],
  { env, signal }: { readonly env: Record<string, string>; readonly signal: AbortSignal },
): Promise<ReadonlyMap<Block, string>> {
  const blocks = pages.flatMap((page) => (page.kind === "runbook" ? page.blocks.filter(isCommand) : []));
  const argv = ["bash", "-c", ASK_ALL, "bash", ...blocks.map(({ text }) => text)];
  const { stdout, stderr } = await run(argv, { env, signal, deadlineMs: DEADLINE_MS });
  const answers = stdout.split("\0").slice(0, -1);
  if (answers.length !== blocks.length) {
    throw new OpsFailure("Could not ask bash about the blocks", {
      observed: `${answers.length} answers: ${lastLine(stderr)}`,
      expected: String(blocks.length),
    });
  }
  const said = answers.map((answer) => answer.trim().replace(/\nexit \d+$/, ""));
  return new Map(blocks.flatMap((block, at) => (said[at] === "" ? [] : [[block, said[at]?.split("\n")[0] ?? ""]])));
}
