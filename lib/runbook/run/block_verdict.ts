// What came of one block: how it ended, its exit code, and what it printed, against what its page says of them. (pure)
import { compareOutput, type NamedValues, namesIn } from "../expected_output.ts";
import type { BlockAnswer } from "./block_shell.ts";
import type { PlannedBlock } from "./plan_run.ts";

/** @returns why it did not do what its page says, null when it did; and all values that are known then */
export function blockVerdict(planned: PlannedBlock, answer: BlockAnswer, values: NamedValues, deadlineMs: number) {
  const stopped = {
    late: `still running after ${Math.round(deadlineMs / 100) / 10} s`,
    aborted: "interrupted",
    "too much": "it printed more than 16 MB",
  };
  if (answer.ended !== null) return { why: stopped[answer.ended], seen: values };
  if (answer.exitCode !== planned.wantedExit) {
    return { why: `exit ${answer.exitCode}, wanted ${planned.wantedExit}`, seen: values };
  }
  if (planned.shown === null) return { why: null, seen: values };
  const compared = compareOutput(planned.shown, answer.stdout, values);
  if (compared.missing === null) return { why: null, seen: compared.values };
  return { why: `it did not print: ${compared.missing}${knownIn(compared.missing, values)}`, seen: values };
}

/** A value that was set before the run may be an old one: the line would fit, were it not for that. */
function knownIn(line: string, values: NamedValues): string {
  const known = namesIn(line).filter((name) => values[name] !== undefined);
  return known.length === 0 ? "" : `, where ${known.map((name) => `${name} is ${values[name]}`).join(", ")}`;
}
