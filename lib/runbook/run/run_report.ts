// The document of a run, and what the hub is told of it. (pure)
import { shellQuoted } from "../../shell_quoted.ts";
import type { NamedValues } from "../expected_output.ts";
import { type Choice, type PlannedBlock, runCommand, type TypedRun } from "./plan_run.ts";
import type { RunEvent } from "./record_run.ts";
import type { BlockResult } from "./run_blocks.ts";

export interface RunReport {
  readonly runbook: string;
  readonly page_digest: string;
  readonly host: string;
  /** `failed`: a block did not do what its page says. `refused`: a danger was not confirmed. */
  readonly verdict: "passed" | "failed" | "refused" | "interrupted";
  /** Those that were reached, clean-up last; their output without secrets. */
  readonly blocks: readonly BlockResult[];
  /** By name: not reached. */
  readonly left: readonly string[];
  readonly transcript: string;
}

export function verdictOf(results: readonly BlockResult[], interrupted: boolean): RunReport["verdict"] {
  if (interrupted) return "interrupted";
  if (results.some(({ outcome }) => outcome === "failed" || outcome === "not_run")) return "failed";
  return results.some(({ outcome }) => outcome === "refused") ? "refused" : "passed";
}

export function eventOf({ runbook, host, verdict, blocks, left, transcript, page_digest }: RunReport): RunEvent {
  const wrong = blocks.find(({ outcome }) => outcome !== "passed");
  return {
    summary: `${verdict}: ${runbook} on ${host}${wrong === undefined ? "" : `, at ${wrong.name}`}`,
    detail: {
      runbook,
      page_digest,
      host,
      verdict,
      blocks: blocks.map(({ name, class: kind, outcome, exit_code, ms }) => ({
        name,
        class: kind,
        outcome,
        exit_code,
        ms,
      })),
      left,
      transcript,
    },
  };
}

export interface RunKnowledge {
  readonly blocks: readonly PlannedBlock[];
  readonly values: NamedValues;
  readonly typed: TypedRun;
}

/** What to type next: where a run stopped, it goes on there, with the values that its blocks had shown. */
export function nextAfter(
  { runbook, blocks, left }: Pick<RunReport, "runbook" | "blocks" | "left">,
  { blocks: planned, values, typed: { only, timeoutSeconds } }: RunKnowledge,
): string {
  const wrong = blocks.filter(({ outcome }) => outcome !== "passed");
  const stoppedAt = wrong.find(({ cleanup }) => !cleanup)?.name ?? left[0];
  const again = (choice: Choice) => runCommand(runbook, { ...choice, timeoutSeconds });
  if (stoppedAt === undefined) return wrong[0] ? again({ only: wrong[0].name }) : "scripts/runbook.ts list";
  const seen = Object.entries(values).map(([name, value]) => `${name}=${shellQuoted(value)} `);
  const names = planned.map(({ block }) => block.name);
  const rest = only === undefined ? { from: stoppedAt } : { only: names.slice(names.indexOf(stoppedAt)).join(",") };
  return `${seen.join("")}${again(rest)}`;
}
