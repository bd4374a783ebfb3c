// Token events: what work has cost, by whom and for which task.
import { z } from "@hono/zod-openapi";
import type { Reader, Transaction } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { detail, name, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

/** As many as JSON's readers can count exactly. */
const TOKENS = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const TOKEN_EVENT = z
  .object({
    id: rowId,
    workstream_id: rowId.nullable(),
    task_id: rowId.nullable(),
    agent: z.string().nullable(),
    model: z.string().nullable(),
    input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    detail: z.record(z.string(), z.unknown()),
    created_at: isoTime,
  })
  .openapi("TokenEvent");
type TokenEvent = z.output<typeof TOKEN_EVENT>;

const NEW_TOKEN_EVENT = z
  .strictObject({
    workstream_id: rowId.optional(),
    task_id: rowId.optional(),
    agent: name.optional(),
    model: name.optional(),
    input_tokens: TOKENS,
    output_tokens: TOKENS,
    detail: detail.optional(),
  })
  .openapi("NewTokenEvent");
const QUERY = z.strictObject({ ...LIST_QUERY, workstream_id: rowId.optional(), task_id: rowId.optional() });

export function tokenEventRoutes(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/token-events",
      tag: "token-events",
      summary: "What work has cost, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(TOKEN_EVENT, "TokenEventList") } },
    },
    async ({ query }) => ({ status: 200, body: await listTokenEvents(database.sql, query) }),
  );
  offer(
    app,
    {
      method: "post",
      path: "/token-events",
      tag: "token-events",
      summary: "Notes what work has cost",
      body: NEW_TOKEN_EVENT,
      headers: ONCE_HEADERS,
      answers: { 201: { says: "It is noted", schema: TOKEN_EVENT } },
    },
    (asked) => once(database, asked, async (tx) => ({ status: 201, body: await insertTokenEvent(tx, asked.body) })),
  );
}

async function listTokenEvents(sql: Reader, query: z.output<typeof QUERY>) {
  const { workstream_id, task_id } = query;
  const rows = await sql<TokenEvent[]>`
    select ${columns(sql)} from token_events e
    where true ${equalTo(sql, { workstream_id, task_id })} ${pageFrom(sql, query, "e.created_at", "e.id")}`;
  return pageOf(rows, query, ({ created_at }) => created_at);
}

async function insertTokenEvent(tx: Transaction, asked: z.output<typeof NEW_TOKEN_EVENT>): Promise<TokenEvent> {
  const { workstream_id = null, task_id = null, agent = null, model = null, input_tokens, output_tokens } = asked;
  const [row] = await tx<TokenEvent[]>`
    insert into token_events (workstream_id, task_id, agent, model, input_tokens, output_tokens, detail)
    values (${workstream_id}, ${task_id}, ${agent}, ${model}, ${input_tokens}, ${output_tokens}, ${JSON.stringify(asked.detail ?? {})}::text::jsonb)
    returning ${columns(tx)}`;
  if (row === undefined) throw new Error("an insert gave no row");
  return row;
}

/** Counts as numbers: the driver gives a bigint as text. */
function columns(sql: Reader) {
  return sql`id, workstream_id, task_id, agent, model, input_tokens::float8 as input_tokens,
    output_tokens::float8 as output_tokens, detail, to_json(created_at) #>> '{}' as created_at`;
}
