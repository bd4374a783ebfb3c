// Tasks: what is to be done, of all workplans, and which of it can be begun now.
import { z } from "@hono/zod-openapi";
import type { Database } from "../../db/connect.ts";
import { PRIORITIES, TASK_STATUSES } from "../../workplan/types.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { notFound } from "../http/problem.ts";
import { BY_ID, day, flag, name, rowId } from "../http/values.ts";
import { etagOf, VERSION_HEADERS, versionOf } from "../http/versions.ts";
import type { Hub } from "../serving_hub.ts";
import { changeTask } from "./tasks_change.ts";
import { listTasks, type Task, taskWith } from "./tasks_rows.ts";

const STATUS = z.enum(TASK_STATUSES);
const PRIORITY = z.enum(PRIORITIES);
const text = z.string().nullable();
const TASK = z
  .object({
    id: rowId,
    repo_id: rowId,
    repo: z.string(),
    workstream_id: rowId,
    workplan_id: z.string(),
    task_id: z.string().openapi({ description: "The task's own id, as its file has it" }),
    path: z.string().openapi({ description: "Of its file in the repository" }),
    line: z.number().int(),
    title: z.string(),
    status: STATUS,
    priority: PRIORITY,
    completed: text.openapi({ description: "YYYY-MM-DD, by UTC" }),
    needs_human: z.boolean(),
    intervention_note: text,
    extra: z.record(z.string(), z.unknown()),
    source_commit: text,
    stale_source: z.boolean(),
    missing_since: isoTime.nullable(),
    orphaned_at: isoTime.nullable(),
    status_changed_at: isoTime.nullable(),
    version: z.number().int(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi("Task") satisfies z.ZodType<Task>;

const QUERY = z.strictObject({
  ...LIST_QUERY,
  repo: name.optional(),
  workstream_id: rowId.optional(),
  workplan_id: name.optional(),
  task_id: name.optional().openapi({ description: "The task's own id, as its file has it" }),
  status: STATUS.optional(),
  needs_human: flag.optional(),
  orphaned: flag.optional().openapi({ description: "Those that no file stands behind; unless asked for, the others" }),
  ready: z
    .literal("true")
    .optional()
    .openapi({
      type: "boolean",
      enum: [true],
      description: "Next steps: to do, in active workplans, and every workplan that theirs depends on is finished",
    }),
});
// Of what a file owns any value is taken in, to be told whose it is.
const FILES = z.unknown().optional().openapi({ description: "The file's: refused with its place" });
const WITHOUT_FILE = { description: "Only of one that no file stands behind" } as const;
const CHANGE = z
  .strictObject({
    status: STATUS.optional(),
    completed: day.nullable().optional().openapi({
      description: "Set to today by a change to done, and taken away by one from done, unless it is given",
    }),
    title: z.string().min(1).max(500).optional().openapi(WITHOUT_FILE),
    priority: PRIORITY.optional().openapi(WITHOUT_FILE),
    needs_human: z.boolean().optional().openapi(WITHOUT_FILE),
    intervention_note: z.string().max(20_000).nullable().optional().openapi(WITHOUT_FILE),
    task_id: FILES,
    line: FILES,
    extra: FILES,
  })
  .openapi("TaskChange");

export function taskRoutes(app: HubApp, { database }: Hub): void {
  offerReads(app, database);
  offerChange(app, database);
}

function offerReads(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "get",
      path: "/tasks",
      tag: "tasks",
      summary: "Tasks, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(TASK, "TaskList") } },
    },
    async ({ query }) => {
      const rows = await listTasks(database.sql, query);
      return { status: 200, body: pageOf(rows, query, ({ created_at }) => created_at) };
    },
  );
  offer(
    app,
    {
      method: "get",
      path: "/tasks/{id}",
      tag: "tasks",
      summary: "One task, with its version as ETag",
      params: BY_ID,
      answers: { 200: { says: "As it is", schema: TASK } },
    },
    async ({ params }) => replyWith(await taskWith(database.sql, params.id), params.id),
  );
}

function offerChange(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "patch",
      path: "/tasks/{id}",
      tag: "tasks",
      summary: "Moves a task's status, and the day on which it was completed",
      description: "The next sweep writes it back into the file. All else is the file's: 409 with its path and line.",
      params: BY_ID,
      body: CHANGE,
      headers: { ...ONCE_HEADERS, ...VERSION_HEADERS },
      answers: { 200: { says: "As it is now; the same version where nothing changed", schema: TASK } },
    },
    async (asked) => {
      const { id } = asked.params;
      const version = versionOf(asked.header);
      return once(database, asked, async (tx) => {
        await changeTask(tx, { id, version, body: asked.body });
        return replyWith(await taskWith(tx, id), id);
      });
    },
  );
}

function replyWith(row: Task | null, id: string) {
  if (row === null) throw notFound("task", id);
  return { status: 200, body: row, headers: etagOf(row) };
}
