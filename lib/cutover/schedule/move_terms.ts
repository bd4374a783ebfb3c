// What one move was asked for, and what was settled when its plan was made: the same steps follow from it each time.
import { z } from "zod";
import { usageFailure } from "../../failure.ts";
import type { Plan } from "../../plan/plan.ts";

const moveTerms = z.strictObject({
  act: z.enum(["switch", "rollback", "canary", "parallel", "end-parallel"]),
  /** Timers that are taken away or brought back, with a space between them. */
  timers: z.string(),
  /** Where units are archived, or brought back from; "" where neither is done. */
  archive: z.string(),
  /** The cluster can't be asked, and a person said that it is to be left as it is. */
  cluster_is_gone: z.boolean(),
  hours: z.int(),
  baseline: z.string(),
  candidate: z.string(),
  /** Of a canary; "" of all others. */
  run_id: z.string(),
});

export type MoveTerms = z.infer<typeof moveTerms>;
export type ActName = MoveTerms["act"];

/** "The switch is half done." */
export const ACT_WORDS: Readonly<Record<ActName, string>> = {
  switch: "switch",
  rollback: "rollback",
  canary: "canary",
  parallel: "start of the side-by-side run",
  "end-parallel": "end of the side-by-side run",
};

export function kindOf(act: ActName): string {
  return `schedule-${act}`;
}

/** @throws OpsFailure (usage) for a plan whose terms are another version's */
export function termsOf({ terms, kind }: Plan): MoveTerms {
  const found = moveTerms.safeParse(terms);
  if (found.success && kindOf(found.data.act) === kind) return found.data;
  throw usageFailure("Could not read the plan", {
    observed: "its terms are not those of a move of the schedule",
    expected: "a plan that this version of the toolkit made",
    hint: "scripts/cutover.ts schedule status",
  });
}

export function timersOf({ timers }: Pick<MoveTerms, "timers">): string[] {
  return timers.split(" ").filter((timer) => timer !== "");
}

/** "x.timer" and "x.service" for each timer. */
export function unitsOf(timers: readonly string[]): string[] {
  return timers.flatMap((timer) => [timer, timer.replace(/\.timer$/, ".service")]);
}
