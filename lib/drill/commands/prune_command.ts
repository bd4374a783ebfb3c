// Removes old backups by a plan that a person could read first. What is in the store is looked at again when the plan is applied.
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import type { Outcome, View } from "../../cli/define_script.ts";
import { OpsFailure } from "../../failure.ts";
import { type Plan, sealed } from "../../plan/plan.ts";
import { readPlan, writePlan } from "../../plan/plan_file.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { applyPrune } from "../store/apply_prune.ts";
import { listBackups } from "../store/list_backups.ts";
import { openStore } from "../store/open_store.ts";
import { CLOCKS, type Pruned, type PrunePlan, type PruneTerms, planPrune } from "../store/plan_prune.ts";
import type { Store } from "../store/store.ts";
import type { StoreCommand } from "./list_command.ts";

const KIND = "backup-prune";

/** A plan to be made, or one to be applied. */
export interface AskedPrune {
  readonly keep: { readonly last: number | null; readonly days: number | null };
  /** Where the plan is kept; null: below STATE_HUB_HOME. */
  readonly plan: string | null;
  /** The plan to be applied; null: one is made. */
  readonly apply: string | null;
}

/** @throws OpsFailure (automation) when the store does not answer, or is no longer what the plan was made for */
export async function pruneCommand(where: StoreCommand, asked: AskedPrune): Promise<Outcome> {
  const { env, home: stateHubHome, signal } = where;
  const store = await openStore(where.store, { env, stateHubHome, signal, make: false });
  try {
    return asked.apply === null ? await makePlan(store, where, asked) : await applyPlan(store, where, asked.apply);
  } finally {
    await store.close();
  }
}

async function makePlan(store: Store, { home }: StoreCommand, { keep, plan: file }: AskedPrune): Promise<Outcome> {
  const now = new Date();
  const terms = { keepLast: keep.last ?? 1, keepDays: keep.days, now };
  const prune = planPrune(await listBackups(store), terms);
  const plan = planOf(store.target, terms, prune);
  const path = file ?? join(home, "backups", `prune-${now.toISOString().replace(/[-:]/g, "")}.json`);
  const nothing = prune.remove.length + prune.unfinished.length === 0;
  if (!nothing) writePlan(path, plan);
  return {
    exitCode: 0,
    document: { store: store.target, ...prune, clocks: CLOCKS, plan: nothing ? null : path },
    render: (view) => renderPrune(prune, view),
    ...(nothing
      ? {}
      : {
          next: `scripts/backup_restore_drill.ts prune --store ${shellQuoted(store.target)} --apply ${shellQuoted(path)}`,
        }),
  };
}

function planOf(store: string, { keepLast, keepDays, now }: PruneTerms, prune: PrunePlan): Plan {
  const id = Bun.randomUUIDv7();
  const gone = [...prune.unfinished, ...prune.remove];
  return sealed({
    ...{ kind: KIND, id, made_at: now.toISOString(), host: hostname(), operator: userInfo().username },
    terms: { store, keep_last: keepLast, keep_days: keepDays },
    facts: { prune: JSON.stringify(prune) },
    steps: gone.map(({ id, reasons }, index) => ({
      id: `remove_${index + 1}`,
      says: `Removes ${id}: ${reasons.join(", ")}`,
      commands: [],
      undo: "none: what is removed is gone",
    })),
  });
}

async function applyPlan(store: Store, { home, signal }: StoreCommand, file: string): Promise<Outcome> {
  const plan = readPlan(file, [KIND]);
  const { store: planned, keep_last, keep_days } = plan.terms;
  if (planned !== store.target)
    throw new OpsFailure("Could not apply the plan", {
      observed: `it is for the store ${planned}`,
      expected: store.target,
      where: file,
    });
  const terms = {
    keepLast: Number(keep_last),
    keepDays: keep_days === null ? null : Number(keep_days),
    now: new Date(plan.made_at),
  };
  const prune = JSON.parse(plan.facts.prune ?? "null") as PrunePlan;
  const removed = await applyPrune({ store, plan: prune, terms, stateHubHome: home, signal });
  return {
    exitCode: 0,
    document: { store: store.target, removed, kept: prune.keep.map(({ id }) => id) },
    render: ({ paint }) => `${paint.ok("Removed")} ${removed.length === 0 ? "nothing" : removed.join(", ")}`,
    next: `scripts/backup_restore_drill.ts list --store ${shellQuoted(store.target)}`,
  };
}

function renderPrune({ keep, remove, unfinished }: PrunePlan, { table, paint }: View): string {
  const rowsOf = (word: string, all: readonly Pruned[]) =>
    all.map(({ id, bytes, reasons }) => [word, id, (bytes / 1e6).toFixed(1), reasons.join(", ")]);
  const rows = [...rowsOf("remove", [...remove, ...unfinished]), ...rowsOf("keep", keep)];
  const columns = [{ title: "" }, { title: "backup" }, { title: "MB", align: "right" as const }, { title: "why" }];
  if (rows.length === 0) return "Nothing is stored there.";
  return `${table(columns, rows)}\n${CLOCKS}\n${paint.strong("Nothing was removed: this is the plan.")}`;
}
