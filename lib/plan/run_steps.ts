// Goes through a plan's steps so that it may be killed anywhere and run again. Whether a step is done is asked of the world and
// not of the journal: the journal says what was tried, only the world can say what became of it.
import { describeFailure, OpsFailure } from "../failure.ts";
import { addEntry, type Entry, readJournal, type Writer } from "./journal.ts";
import type { PlannedStep } from "./plan.ts";

export type Evidence = Readonly<Record<string, unknown>>;

export interface Look {
  readonly done: boolean;
  /** What was seen, for the journal and for people. */
  readonly evidence: Evidence;
}

export interface Step extends PlannedStep {
  /** How the world is now; changes nothing. */
  readonly look: () => Promise<Look>;
  /** Brings it about; may be called again after it was cut off. */
  readonly act: () => Promise<void>;
  /** A later step that ends what this one brought about: once that was begun, this one is over and not looked at again. */
  readonly holdsUntil?: string;
}

export interface Acted {
  readonly step: PlannedStep;
  /** The same for the same act, also after it was cut off and taken up again. */
  readonly act: string;
  readonly evidence: Evidence;
}

export type StepEvent =
  | { readonly at: "over"; readonly step: string }
  | { readonly at: "already" | "proven" | "done"; readonly step: string; readonly evidence: Evidence }
  | { readonly at: "begun" | "acted" | "settled"; readonly step: string };

export interface StepsRun {
  readonly plan: string;
  readonly steps: readonly Step[];
  readonly journal: Writer;
  /** Heard between steps; what a step waits for is its own affair. */
  readonly signal: AbortSignal;
  /** Leaves the trail of an act elsewhere, once: it is called again with the same id when it may have been cut off. */
  readonly settle: (acted: Acted) => Promise<void>;
  readonly on?: (event: StepEvent) => void | Promise<void>;
}

/**
 * @returns the evidence of each step, by its id
 * @throws what a step threw, after the journal has it; OpsFailure (automation) when a step acted and the world does not show
 * it; the signal's reason between two steps
 */
export async function runSteps(run: StepsRun): Promise<Readonly<Record<string, Evidence>>> {
  const proven: Record<string, Evidence> = {};
  for (const step of run.steps) {
    run.signal.throwIfAborted();
    try {
      proven[step.id] = await runStep(run, step);
    } catch (error) {
      const detail = { message: describeFailure(error), stopped: run.signal.aborted };
      addEntry(run.journal, { plan: run.plan, entry: "failed", step: step.id, detail });
      throw error;
    }
  }
  return proven;
}

async function runStep(run: StepsRun, step: Step): Promise<Evidence> {
  const entries = readJournal(run.journal.path);
  if (step.holdsUntil !== undefined && entries.some(ofStep(run.plan, step.holdsUntil))) {
    await run.on?.({ at: "over", step: step.id });
    return {};
  }
  const before = await step.look();
  const last = entries.findLast(ofStep(run.plan, step.id));
  if (before.done && (last === undefined || last.entry === "done")) {
    if (last === undefined) note(run, "done", step, null, { ...before.evidence, already: true });
    await run.on?.({ at: "already", step: step.id, evidence: before.evidence });
    return before.evidence;
  }
  // One that was begun and not finished goes on under its id: what it may have left behind is not left twice.
  const act = last?.entry === "begun" && last.act !== null ? last.act : Bun.randomUUIDv7();
  if (!before.done) await actOut(run, step, act, before.evidence);
  const after = before.done ? before : await step.look();
  if (!after.done) throw notProven(step, after.evidence);
  await run.on?.({ at: "proven", step: step.id, evidence: after.evidence });
  await run.settle({ step, act, evidence: after.evidence });
  await run.on?.({ at: "settled", step: step.id });
  note(run, "done", step, act, after.evidence);
  await run.on?.({ at: "done", step: step.id, evidence: after.evidence });
  return after.evidence;
}

async function actOut(run: StepsRun, step: Step, act: string, seen: Evidence): Promise<void> {
  note(run, "begun", step, act, seen);
  await run.on?.({ at: "begun", step: step.id });
  await step.act();
  await run.on?.({ at: "acted", step: step.id });
}

/** The entries that say how far a step came. A failed one is left out: it says why, and its act goes on. */
function ofStep(plan: string, step: string) {
  return (each: Entry) => each.plan === plan && each.step === step && (each.entry === "begun" || each.entry === "done");
}

function note(
  { plan, journal }: StepsRun,
  entry: "begun" | "done",
  step: Step,
  act: string | null,
  detail: Evidence,
): void {
  addEntry(journal, { plan, entry, step: step.id, act, detail });
}

function notProven({ id }: Step, evidence: Evidence): OpsFailure {
  return new OpsFailure(`Could not prove the step ${id}`, {
    observed: `it was done, and what is seen afterwards is ${JSON.stringify(evidence)}`,
    expected: "to see it done",
  });
}
