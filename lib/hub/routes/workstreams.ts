// Workstreams: the workplans of all repositories, as the hub last read them.
import { z } from "@hono/zod-openapi";
import type { Database } from "../../db/connect.ts";
import { WORKPLAN_STATUSES } from "../../workplan/types.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { notFound } from "../http/problem.ts";
import { BY_ID, flag, name, rowId } from "../http/values.ts";
import { etagOf, VERSION_HEADERS, versionOf } from "../http/versions.ts";
import type { Hub } from "../serving_hub.ts";
import { changeWorkstream } from "./workstreams_change.ts";
import { listWorkstreams, type Workstream, workstreamWith } from "./workstreams_rows.ts";

const STATUS = z.enum(WORKPLAN_STATUSES);
const text = z.string().nullable();
const WORKSTREAM = z
  .object({
    id: rowId,
    repo_id: rowId,
    repo: z.string(),
    workplan_id: z.string(),
    path: z.string().openapi({ description: "Of its file in the repository" }),
    title: z.string(),
    domain: text,
    topic: text,
    status: STATUS,
    owner: text,
    created: text,
    updated: text,
    depends_on: z.array(z.string()).openapi({ description: "Ids of workplans, as the file names them" }),
    follow_up_workplan: text,
    supersedes_intent_from: text,
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
  .openapi("Workstream") satisfies z.ZodType<Workstream>;

const QUERY = z.strictObject({
  ...LIST_QUERY,
  repo: name.optional(),
  status: STATUS.optional(),
  domain: name.optional(),
  workplan_id: name.optional(),
  orphaned: flag.optional().openapi({ description: "Those whose file is gone; unless asked for, the others" }),
});
// Of what a file owns any value is taken in, to be told whose it is.
const FILES = z.unknown().optional().openapi({ description: "The file's: refused with its place" });
const CHANGE = z
  .strictObject({
    status: STATUS.optional(),
    title: z.string().min(1).max(500).optional().openapi({ description: "Only of one whose file is gone" }),
    workplan_id: FILES,
    path: FILES,
    domain: FILES,
    topic: FILES,
    owner: FILES,
    created: FILES,
    updated: FILES,
    depends_on: FILES,
    follow_up_workplan: FILES,
    supersedes_intent_from: FILES,
    extra: FILES,
  })
  .openapi("WorkstreamChange");

export function workstreamRoutes(app: HubApp, { database }: Hub): void {
  offerReads(app, database);
  offerChange(app, database);
}

function offerReads(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "get",
      path: "/workstreams",
      tag: "workstreams",
      summary: "Workstreams, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(WORKSTREAM, "WorkstreamList") } },
    },
    async ({ query }) => {
      const rows = await listWorkstreams(database.sql, query);
      return { status: 200, body: pageOf(rows, query, ({ created_at }) => created_at) };
    },
  );
  offer(
    app,
    {
      method: "get",
      path: "/workstreams/{id}",
      tag: "workstreams",
      summary: "One workstream, with its version as ETag",
      params: BY_ID,
      answers: { 200: { says: "As it is", schema: WORKSTREAM } },
    },
    async ({ params }) => replyWith(await workstreamWith(database.sql, params.id), params.id),
  );
}

function offerChange(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "patch",
      path: "/workstreams/{id}",
      tag: "workstreams",
      summary: "Moves a workstream's status",
      description: "The next sweep writes it back into the file. All else is the file's: 409 with its path and line.",
      params: BY_ID,
      body: CHANGE,
      headers: { ...ONCE_HEADERS, ...VERSION_HEADERS },
      answers: { 200: { says: "As it is now; the same version where nothing changed", schema: WORKSTREAM } },
    },
    async (asked) => {
      const { id } = asked.params;
      const version = versionOf(asked.header);
      return once(database, asked, async (tx) => {
        await changeWorkstream(tx, { id, version, body: asked.body });
        return replyWith(await workstreamWith(tx, id), id);
      });
    },
  );
}

function replyWith(row: Workstream | null, id: string) {
  if (row === null) throw notFound("workstream", id);
  return { status: 200, body: row, headers: etagOf(row) };
}
