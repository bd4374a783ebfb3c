// What the journal of the moves says beyond single steps: which move is half done, who should own the schedule since when, when
// a canary passed, and where the last units went. (pure)
import type { Entry } from "../../plan/journal.ts";
import type { ActName } from "./move_terms.ts";
import type { OwnedBy } from "./sight.ts";
import { NAMESPACE } from "./world.ts";

export interface OpenMove {
  readonly plan: string;
  readonly act: ActName;
  /** The plan's file, as it was applied. */
  readonly file: string;
  readonly since: string;
  /** Where its CronJob is: what resumes it has to say so. */
  readonly cluster: { readonly context: string | null; readonly namespace: string };
}

/** The newest move that was begun and neither finished nor taken back; null when there is none. */
export function openMove(entries: readonly Entry[]): OpenMove | null {
  const closed = new Set(entries.filter(({ entry }) => entry === "closed").map(({ plan }) => plan));
  const opened = entries.findLast(({ entry, plan }) => entry === "opened" && !closed.has(plan));
  if (opened === undefined) return null;
  const cluster = { context: text(opened, "context") || null, namespace: text(opened, "namespace") || NAMESPACE };
  const act = text(opened, "act") as ActName;
  return { plan: opened.plan, act, file: text(opened, "file"), since: opened.at, cluster };
}

/** How far a plan came: nobody began it, it is half done, or it was closed and with what outcome. */
export function stateOf(entries: readonly Entry[], plan: string): "new" | "begun" | { readonly closed: string } {
  const own = entries.filter((each) => each.plan === plan);
  const closed = own.findLast(({ entry }) => entry === "closed");
  if (closed !== undefined) return { closed: text(closed, "outcome") };
  return own.some(({ entry }) => entry === "opened") ? "begun" : "new";
}

/** The last move that came to its end with the schedule in new hands. */
export function ownedBy(entries: readonly Entry[]): OwnedBy | null {
  const last = entries.findLast((each) => each.entry === "closed" && each.detail.owner !== undefined);
  const owner = last?.detail.owner;
  return last !== undefined && (owner === "timer" || owner === "cronjob") ? { owner, since: last.at } : null;
}

/** Where the units are that the last switch took away; null when none did since the timer had the schedule last. */
export function archiveToRestore(entries: readonly Entry[]): string | null {
  const back = entries.findLastIndex((each) => each.entry === "closed" && each.detail.owner === "timer");
  const copied = entries
    .slice(back + 1)
    .findLast((each) => each.entry === "done" && each.step === "copy_units_to_archive");
  return copied === undefined ? null : text(copied, "archive");
}

/** The run that proved an owner last: its slot, and whose it was. */
export function lastProof(entries: readonly Entry[]): { readonly slot: string; readonly source: string } | null {
  const proof = entries.findLast((each) => each.entry === "done" && each.step === "prove_first_run");
  return proof === undefined ? null : { slot: text(proof, "slot"), source: text(proof, "source") };
}

/** When a plan's step was begun, or, where somebody else had done it, found done. */
export function stepOf(entries: readonly Entry[], plan: string, step: string): Entry | null {
  const own = entries.filter((each) => each.plan === plan && each.step === step);
  return own.find(({ entry }) => entry === "begun") ?? own.find(({ entry }) => entry === "done") ?? null;
}

export interface PassedCanary {
  readonly at: string;
  /** The digest of the CronJob's spec that it was made from. */
  readonly spec: string;
}

export function passedCanary(entries: readonly Entry[]): PassedCanary | null {
  const last = entries.findLast((each) => each.entry === "closed" && each.detail.act === "canary");
  if (last?.detail.outcome !== "passed") return null;
  return { at: last.at, spec: text(last, "spec") };
}

function text({ detail }: Entry, key: string): string {
  const value = detail[key];
  return typeof value === "string" ? value : "";
}
