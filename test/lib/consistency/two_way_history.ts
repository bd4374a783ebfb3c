// Random histories of the fields that both sides may move, played on real repositories and a real hub beside a model
// of a few lines. Many histories share each run, one workplan for each: they must not touch one another either.
import { expect } from "bun:test";
import fc from "fast-check";
import { explain } from "../../../lib/consistency/explain.ts";
import type { FieldValue } from "../../../lib/consistency/three_way.ts";
import type { Sql } from "../../../lib/db/handles.ts";
import { makeRepo, type TestRepo, workplanText } from "../../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../../support/hub.ts";
import { rowVersions } from "./row_versions.ts";

const VALUES = {
  plan: ["active", "blocked", "draft"],
  task: ["todo", "in_progress", "blocked"],
  completed: [null, "2026-03-01", "2026-03-02"],
} as const;
type Name = keyof typeof VALUES;
const NAMES: readonly Name[] = ["plan", "task", "completed"];

interface Edit {
  readonly side: "file" | "hub";
  readonly name: Name;
  readonly value: number;
}

/** What happens to one workplan before each run: edits of either side, in any order, or nothing. */
type History = readonly (readonly Edit[])[];

export interface HistoryOptions {
  readonly histories: number;
  readonly rounds: number;
  /** When to run once more and see that nothing is written. */
  readonly again: "at the end" | "every round";
  /** Repeats a failure: the seed that it printed. */
  readonly seed?: number;
}

/** @throws with the seed and the shortest failing histories found, in fast-check's words */
export async function playHistories(hub: TestHub, parent: string, options: HistoryOptions): Promise<void> {
  const { histories: length, rounds, seed } = options;
  const edit = fc.record({
    side: fc.constantFrom("file" as const, "hub" as const),
    name: fc.constantFrom(...NAMES),
    value: fc.nat({ max: 2 }),
  });
  const history = fc.array(fc.array(edit, { maxLength: 4 }), { minLength: rounds, maxLength: rounds });
  let plays = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(history, { minLength: length, maxLength: length }), (all) =>
      play(hub, parent, `p${++plays}`, all, options),
    ),
    { numRuns: 1, endOnFailure: true, ...(seed === undefined ? {} : { seed }) },
  );
}

/** One field of one workplan: what both sides last agreed on, what each says, and every value that lost. */
interface Field {
  agreed: FieldValue;
  file: FieldValue;
  hub: FieldValue;
  lost: { base_value: FieldValue; file_value: FieldValue; hub_value: FieldValue }[];
}

// Its own row, and with --full the moment of the last full pass.
const EVERY_RUN_WRITES = ["progress_events", "repo_passes", "sweep_lease"];

type Plan = Readonly<Record<Name, Field>>;

/** The rule once more, by who moved: the file's move always counts, the hub's only where the file stood still. */
function settle(field: Field): void {
  const { agreed, file, hub } = field;
  const [fileMoved, hubMoved] = [file !== agreed, hub !== agreed];
  if (fileMoved && hubMoved && file !== hub) field.lost.push({ base_value: agreed, file_value: file, hub_value: hub });
  if (fileMoved) field.agreed = field.hub = file;
}

function newPlan(): Plan {
  const field = (name: Name): Field => {
    const [value] = VALUES[name];
    return { agreed: value, file: value, hub: value, lost: [] };
  };
  return { plan: field("plan"), task: field("task"), completed: field("completed") };
}

async function play(
  hub: TestHub,
  parent: string,
  name: string,
  histories: readonly History[],
  { rounds, again }: HistoryOptions,
): Promise<void> {
  const plans = histories.map(newPlan);
  const prefix = name.toUpperCase();
  const repo = await makeRepo(parent, name, filesOf(prefix, plans));
  const run = async (full: boolean) => {
    const { report } = await hub.check({ path: repo.path }, { full });
    expect(report).toMatchObject({ automation_error: null, exit_code: 0 });
  };
  await run(false);
  for (let round = 0; round < rounds; round++) {
    for (const [index, plan] of plans.entries())
      for (const { side, name: its, value } of histories[index]?.[round] ?? [])
        plan[its][side] = VALUES[its][value] ?? null;
    await editFiles(repo, prefix, plans);
    await editHub(hub.database.sql, prefix, plans);
    await run(false);
    for (const plan of plans) for (const its of NAMES) settle(plan[its]);
    await compare(hub.database.sql, prefix, plans);
    if (again === "every round" || round === rounds - 1) {
      const before = await rowVersions(hub.database.sql, EVERY_RUN_WRITES);
      await run(true);
      expect(await rowVersions(hub.database.sql, EVERY_RUN_WRITES)).toEqual(before);
    }
  }
  await compareExplained(hub.database.sql, prefix, plans);
}

function idOf(prefix: string, index: number): string {
  return `${prefix}-WP-${String(index + 1).padStart(4, "0")}`;
}

function filesOf(prefix: string, plans: readonly Plan[]): Record<string, string> {
  const entries = plans.map(({ plan, task, completed }, index) => {
    const id = idOf(prefix, index);
    const day = completed.file === null ? {} : { completed: completed.file };
    const tasks = [{ id: `${id}-T01`, status: task.file ?? "", ...day }];
    return [`workplans/${id}.md`, workplanText({ id, status: plan.file ?? "", tasks })];
  });
  return Object.fromEntries(entries);
}

async function editFiles(repo: TestRepo, prefix: string, plans: readonly Plan[]): Promise<void> {
  await repo.commit(filesOf(prefix, plans));
}

/** The hub's side as an API would leave it: only rows that differ are written. */
async function editHub(sql: Sql, prefix: string, plans: readonly Plan[]): Promise<void> {
  const rows = JSON.stringify(
    plans.map(({ plan, task, completed }, index) => ({
      id: idOf(prefix, index),
      plan: plan.hub,
      task: task.hub,
      completed: completed.hub,
    })),
  );
  await sql`
    update workstreams w set status = r.plan from json_to_recordset(${rows}::text::json) as r(id text, plan text)
    where w.workplan_id = r.id and w.status <> r.plan`;
  await sql`
    update tasks t set status = r.task, completed = r.completed
    from json_to_recordset(${rows}::text::json) as r(id text, task text, completed date)
    where t.task_id = r.id || '-T01' and (t.status, t.completed) is distinct from (r.task, r.completed)`;
}

async function compare(sql: Sql, prefix: string, plans: readonly Plan[]): Promise<void> {
  const rows = await sql`
    select w.workplan_id as id, w.status as plan, t.status as task, to_char(t.completed, 'YYYY-MM-DD') as completed,
      (select coalesce(json_object_agg(case when i.row_id = w.id then 'plan' when i.key = 'status' then 'task' else i.key end, i.value), '{}')
        from writeback_intents i where i.row_id in (w.id, t.id) and i.key in ('status', 'completed')
        and i.done_at is null and i.cancelled_at is null) as pending
    from workstreams w join tasks t on t.workstream_id = w.id where w.workplan_id like ${`${prefix}-WP-%`} order by 1`;
  const wanted = plans.map((plan, index) => {
    const waiting = NAMES.filter((name) => plan[name].hub !== plan[name].file);
    return {
      id: idOf(prefix, index),
      plan: plan.plan.hub,
      task: plan.task.hub,
      completed: plan.completed.hub,
      pending: Object.fromEntries(waiting.map((name) => [name, plan[name].hub ?? ""])),
    };
  });
  expect([...rows]).toEqual(wanted);
}

/** Every value that lost, and no other, is shown by `explain`, the newest first. */
async function compareExplained(sql: Sql, prefix: string, plans: readonly Plan[]): Promise<void> {
  for (const [index, { plan, task, completed }] of plans.entries()) {
    const id = idOf(prefix, index);
    expect(await lostOf(sql, id)).toEqual({ status: plan.lost.toReversed(), completed: [] });
    expect(await lostOf(sql, `${id}-T01`)).toEqual({
      status: task.lost.toReversed(),
      completed: completed.lost.toReversed(),
    });
  }
}

async function lostOf(sql: Sql, id: string): Promise<{ status: Field["lost"]; completed: Field["lost"] }> {
  const [told] = await explain(sql, id, TEST_HOST);
  const of = (wanted: string) =>
    (told?.lost ?? [])
      .filter(({ field }) => field === wanted)
      .map(({ base_value, file_value, hub_value }) => ({ base_value, file_value, hub_value }));
  return { status: of("status"), completed: of("completed") };
}
