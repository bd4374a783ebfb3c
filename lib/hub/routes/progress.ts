// Progress events: the hub's memory of what happened, the sweeps' reports among them.
import { z } from "@hono/zod-openapi";
import type { Reader, Transaction } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, limitOf, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { detail, name, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const EVENT_TYPE = z.string().regex(/^[a-z0-9_.-]{1,100}$/, "must be 1 to 100 of a-z 0-9 _ . -");
const PROGRESS = z
  .object({
    id: rowId,
    event_type: z.string(),
    source: z.string().nullable(),
    summary: z.string().nullable(),
    workstream_id: rowId.nullable(),
    task_id: rowId.nullable(),
    detail: z.record(z.string(), z.unknown()),
    created_at: isoTime,
  })
  .openapi("ProgressEvent");
type ProgressEvent = z.output<typeof PROGRESS>;

const NEW_PROGRESS = z
  .strictObject({
    event_type: EVENT_TYPE,
    source: name.optional(),
    summary: z.string().max(20_000).optional(),
    workstream_id: rowId.optional(),
    task_id: rowId.optional(),
    detail: detail.optional(),
  })
  .openapi("NewProgressEvent");
const QUERY = z.strictObject({ ...LIST_QUERY, event_type: EVENT_TYPE.optional(), source: name.optional() });

export function progressRoutes(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/progress",
      tag: "progress",
      summary: "What happened, newest first",
      query: QUERY,
      answers: {
        200: { says: "A page of events, each with its whole detail", schema: listOf(PROGRESS, "ProgressList") },
      },
    },
    async ({ query }) => ({ status: 200, body: await listProgress(database.sql, query) }),
  );
  offer(
    app,
    {
      method: "post",
      path: "/progress",
      tag: "progress",
      summary: "Notes that something happened",
      body: NEW_PROGRESS,
      headers: ONCE_HEADERS,
      answers: { 201: { says: "It is noted", schema: PROGRESS } },
    },
    (asked) => once(database, asked, async (tx) => ({ status: 201, body: await insertProgress(tx, asked.body) })),
  );
}

/** Bytes, as they are stored, of the details of one page: 500 reports of a megabyte are no answer. */
const DETAILS_AT_MOST = 8 * 1024 * 1024;
/** So many fit in any case, one request's body being a megabyte at most: their sizes need not be looked at. */
const FEW = 8;

async function listProgress(sql: Reader, query: z.output<typeof QUERY>) {
  const rows = await progressPage(sql, query);
  const fitting = rows.filter(({ fits }) => fits).map(({ fits: _, ...event }) => event);
  return pageOf(fitting, query, ({ created_at }) => created_at, fitting.length < rows.length);
}

/** The statement of a page: from an index, whatever is asked for of these. Of an event that does not fit, no detail is read. */
export function progressPage(sql: Reader, query: z.output<typeof QUERY>) {
  const { event_type, source } = query;
  const page = sql`
    from progress_events p
    where true ${equalTo(sql, { event_type, source })} ${pageFrom(sql, query, "p.created_at", "p.id")}`;
  if (limitOf(query) <= FEW) return sql<Listed[]>`select ${columns(sql)}, true as fits ${page}`;
  return sql<Listed[]>`
    select ${columns(sql, sql`case when fits then detail end`)}, fits from (
      select q.*, sum(size) over (order by created_at desc, id desc) - size < ${DETAILS_AT_MOST} as fits
      from (select p.*, pg_column_size(p.detail) as size ${page}) q
    ) r order by r.created_at desc, r.id desc`;
}

type Listed = ProgressEvent & { readonly fits: boolean };

async function insertProgress(tx: Transaction, asked: z.output<typeof NEW_PROGRESS>): Promise<ProgressEvent> {
  const { event_type, source = null, summary = null, workstream_id = null, task_id = null } = asked;
  const [row] = await tx<ProgressEvent[]>`
    insert into progress_events (event_type, source, summary, workstream_id, task_id, detail)
    values (${event_type}, ${source}, ${summary}, ${workstream_id}, ${task_id}, ${JSON.stringify(asked.detail ?? {})}::text::jsonb)
    returning ${columns(tx)}`;
  if (row === undefined) throw new Error("an insert gave no row");
  return row;
}

function columns(sql: Reader, shown = sql`detail`) {
  return sql`id, event_type, source, summary, workstream_id, task_id, ${shown} as detail, to_json(created_at) #>> '{}' as created_at`;
}
