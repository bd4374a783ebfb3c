// A plan is data: what will be done, step by step, and what it was worked out from. A person reads it, and whoever applies it
// works the facts out again and compares. It is evidence and never a source of commands: an edited one can only be refused.
import { z } from "zod";
import { digestOf } from "../canonical.ts";

const VERSION = 1;

const plannedStep = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_]*$/),
  /** What it does and why, in one sentence. */
  says: z.string(),
  /** The programs that it will run, each as a list of words. */
  commands: z.array(z.array(z.string())),
  /** What brings back what was before it. */
  undo: z.string(),
});

const body = z.strictObject({
  schema_version: z.literal(VERSION),
  /** What it is a plan for: "schedule-switch". */
  kind: z.string(),
  /** Under this name its journal knows it. */
  id: z.uuid(),
  /** ISO 8601, UTC. */
  made_at: z.iso.datetime(),
  host: z.string(),
  operator: z.string(),
  /** What was asked for. */
  terms: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** What the plan was made from, by name. */
  facts: z.record(z.string(), z.string()),
  steps: z.array(plannedStep),
});

export const savedPlan = z.strictObject({ ...body.shape, digest: z.string().regex(/^[0-9a-f]{64}$/) });

export type PlannedStep = z.infer<typeof plannedStep>;
export type PlanBody = Omit<z.infer<typeof body>, "schema_version">;
export type Plan = z.infer<typeof savedPlan>;
export type Facts = Plan["facts"];

/** The plan with its digest, over all the rest of it. */
export function sealed(plan: PlanBody): Plan {
  const whole = { schema_version: VERSION, ...plan } as const;
  return { ...whole, digest: digestOf(whole) };
}

/** Whether it still says what it said when it was made. */
export function isUnaltered({ digest, ...plan }: Plan): boolean {
  return digest === digestOf(plan);
}

export interface MovedFact {
  readonly fact: string;
  /** null: it was not there, or is not any more. */
  readonly was: string | null;
  readonly is: string | null;
}

/** Which facts are no longer what they were, in the order of their names. */
export function movedFacts(before: Facts, now: Facts): MovedFact[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .sort()
    .map((fact) => ({ fact, was: before[fact] ?? null, is: now[fact] ?? null }))
    .filter(({ was, is }) => was !== is);
}
