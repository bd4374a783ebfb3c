// The loop over the blocks: one after the other until one of them fails, then clean-up, always. It decides nothing about
// which blocks; it says of each what came of it.

import { shellQuoted } from "../../shell_quoted.ts";
import type { NamedValues } from "../expected_output.ts";
import { type BlockAnswer, type BlockShell, startBlockShell } from "./block_shell.ts";
import { blockVerdict } from "./block_verdict.ts";
import { neededBy, type PlannedBlock, type RunPlan } from "./plan_run.ts";

/** `refused`: nobody confirmed the danger. `not_run`: an earlier block failed, or a value for its clean-up is missing. */
export type BlockOutcome = "passed" | "failed" | "refused" | "not_run";

export interface BlockResult {
  readonly name: string;
  readonly class: string;
  readonly cleanup: boolean;
  readonly line: number;
  readonly command: string;
  readonly outcome: BlockOutcome;
  /** What is wrong; null for one that passed. */
  readonly why: string | null;
  readonly started_at: string;
  readonly ms: number;
  /** null: not run, or ended by us. */
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunTerms {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** For each block. */
  readonly deadlineMs: number;
  /** For all clean-up together once the run is interrupted: whoever interrupts it does not wait for long. */
  readonly hurriedMs: number;
  readonly signal: AbortSignal;
  /** Whether the danger may run; asked when its turn comes. */
  readonly confirm: (planned: PlannedBlock) => Promise<boolean>;
  readonly onStart: (planned: PlannedBlock) => void;
  readonly onLine: (line: string) => void;
  readonly onEnd: (result: BlockResult) => void;
}

export interface RanBlocks {
  readonly results: readonly BlockResult[];
  /** What each `<NAME>` in the outputs was. */
  readonly values: NamedValues;
}

/**
 * Never throws for what a block does.
 * @throws what `onEnd` threw first, once clean-up has run
 */
export async function runBlocks(plan: RunPlan, terms: RunTerms): Promise<RanBlocks> {
  const { results, thrown, end } = keepResults(terms);
  const session = openSession(terms);
  try {
    for (const planned of plan.blocks) {
      const passed = results.every(({ outcome }) => outcome === "passed");
      const goesOn = passed && thrown.length === 0 && !terms.signal.aborted;
      if (goesOn) end(await session.run(planned, { deadlineMs: terms.deadlineMs, signal: terms.signal }));
    }
    const share = hurriedShares(terms);
    for (const [at, planned] of plan.cleanups.entries()) {
      const hurriedMs = () => share(plan.cleanups.length - at);
      const deadlineMs = terms.signal.aborted ? hurriedMs() : terms.deadlineMs;
      end(await session.run(planned, { deadlineMs, hurried: terms.signal, hurriedMs }));
    }
  } finally {
    await session.close();
  }
  if (thrown.length > 0) throw thrown[0];
  return { results, values: session.values() };
}

/** What `onEnd` throws waits until clean-up has run: a full disk is no reason to leave things as they are. */
function keepResults({ onEnd }: RunTerms) {
  const results: BlockResult[] = [];
  const thrown: unknown[] = [];
  const end = (result: BlockResult) => {
    results.push(result);
    try {
      onEnd(result);
    } catch (error) {
      thrown.push(error);
    }
  };
  return { results, thrown, end };
}

/**
 * What each clean-up may take once the run is interrupted: one that hangs leaves the others their share.
 * @returns milliseconds for the next of so many that are left, counted from its first call: the interruption
 */
function hurriedShares({ hurriedMs }: RunTerms): (left: number) => number {
  let until: number | null = null;
  return (left) => {
    until ??= performance.now() + hurriedMs;
    return Math.max(1, (until - performance.now()) / left);
  };
}

interface Limits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Aborted while it runs: it has `hurriedMs` from then on. */
  readonly hurried?: AbortSignal;
  readonly hurriedMs?: () => number;
}

/** The shell that is alive now, and what was seen so far. */
function openSession(terms: RunTerms) {
  let shell: BlockShell | null = null;
  let values: NamedValues = terms.env;
  const alive = async (): Promise<BlockShell> => {
    if (shell?.isAlive()) return shell;
    const before = shell?.exports() ?? "";
    await shell?.close();
    shell = startBlockShell({ root: terms.root, env: terms.env, before });
    return shell;
  };
  const run = async (planned: PlannedBlock, limits: Limits): Promise<BlockResult> => {
    const started = { at: new Date().toISOString(), ms: performance.now() };
    const without = (outcome: BlockOutcome, why: string) =>
      resultOf(planned, { outcome, why, started, answer: NO_ANSWER });
    const unknown = neededBy(planned.block).filter((name) => !values[name] && !isExported(name, shell));
    if (unknown.length > 0) return without("not_run", `${unknown.join(", ")} was never seen`);
    if (planned.block.kind === "danger" && !(await terms.confirm(planned))) return without("refused", "not confirmed");
    terms.onStart(planned);
    const text = `${exportsOf(values, terms.env)}${planned.block.text}`;
    const answer = await answerOf(await alive(), text, limits, terms.onLine);
    const { why, seen } = blockVerdict(planned, answer, values, limits.deadlineMs);
    values = seen;
    return resultOf(planned, { outcome: why === null ? "passed" : "failed", why, started, answer });
  };
  const namedValues = () => Object.fromEntries(Object.entries(values).filter(([name]) => !(name in terms.env)));
  return { run, values: namedValues, close: async () => await shell?.close() };
}

async function answerOf(shell: BlockShell, text: string, limits: Limits, onLine: (line: string) => void) {
  const { hurried, hurriedMs = () => 0 } = limits;
  const hurry = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onHurry = () => {
    timer = setTimeout(() => hurry.abort(), hurriedMs());
  };
  if (!hurried?.aborted) hurried?.addEventListener("abort", onHurry);
  try {
    return await shell.run(text, { deadlineMs: limits.deadlineMs, signal: limits.signal ?? hurry.signal, onLine });
  } finally {
    clearTimeout(timer);
    hurried?.removeEventListener("abort", onHurry);
  }
}

function isExported(name: string, shell: BlockShell | null): boolean {
  return new RegExp(`^declare -x ${name}="..*$`, "m").test(shell?.exports() ?? "");
}

/** What was seen in outputs is there for the next block, as if its reader had exported it. */
function exportsOf(values: NamedValues, env: Readonly<Record<string, string>>): string {
  const seen = Object.entries(values).filter(([name]) => !(name in env));
  return seen.map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`).join("");
}

const NO_ANSWER: BlockAnswer = { exitCode: null, stdout: "", stderr: "", ended: null };

interface Ran {
  readonly outcome: BlockOutcome;
  readonly why: string | null;
  readonly started: { readonly at: string; readonly ms: number };
  readonly answer: BlockAnswer;
}

function resultOf({ block }: PlannedBlock, { outcome, why, started, answer }: Ran): BlockResult {
  return {
    name: block.name,
    class: block.kind,
    cleanup: block.when === "cleanup",
    line: block.line,
    command: block.text.trim(),
    outcome,
    why,
    started_at: started.at,
    ms: Math.round(performance.now() - started.ms),
    exit_code: answer.exitCode,
    stdout: answer.stdout,
    stderr: answer.stderr,
  };
}
