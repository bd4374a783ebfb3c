// Domains and topics: the words that files sort plans by. Files and goals create them; here they are only read.
import { z } from "@hono/zod-openapi";
import type { Reader } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { name, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const DOMAIN = z
  .object({ id: rowId, slug: z.string(), title: z.string().nullable(), created_at: isoTime })
  .openapi("Domain");
const TOPIC = z
  .object({ id: rowId, domain: z.string(), slug: z.string(), title: z.string().nullable(), created_at: isoTime })
  .openapi("Topic");
const DOMAIN_QUERY = z.strictObject({ ...LIST_QUERY, slug: name.optional() });
const TOPIC_QUERY = z.strictObject({ ...LIST_QUERY, domain: name.optional(), slug: name.optional() });

export function vocabularyRoutes(app: HubApp, { database }: Hub): void {
  const tag = "vocabulary";
  offer(
    app,
    {
      method: "get",
      path: "/domains",
      tag,
      summary: "Domains, newest first",
      query: DOMAIN_QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(DOMAIN, "DomainList") } },
    },
    async ({ query }) => ({ status: 200, body: await listDomains(database.sql, query) }),
  );
  offer(
    app,
    {
      method: "get",
      path: "/topics",
      tag,
      summary: "Topics, newest first",
      query: TOPIC_QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(TOPIC, "TopicList") } },
    },
    async ({ query }) => ({ status: 200, body: await listTopics(database.sql, query) }),
  );
}

async function listDomains(sql: Reader, query: z.output<typeof DOMAIN_QUERY>) {
  const rows = await sql<z.output<typeof DOMAIN>[]>`
    select id, slug, title, to_json(created_at) #>> '{}' as created_at from domains d
    where true ${equalTo(sql, { slug: query.slug })} ${pageFrom(sql, query, "d.created_at", "d.id")}`;
  return pageOf(rows, query, ({ created_at }) => created_at);
}

async function listTopics(sql: Reader, query: z.output<typeof TOPIC_QUERY>) {
  const rows = await sql<z.output<typeof TOPIC>[]>`
    select t.id, d.slug as domain, t.slug, t.title, to_json(t.created_at) #>> '{}' as created_at
    from topics t join domains d on d.id = t.domain_id
    where true ${equalTo(sql, { "d.slug": query.domain, "t.slug": query.slug })} ${pageFrom(sql, query, "t.created_at", "t.id")}`;
  return pageOf(rows, query, ({ created_at }) => created_at);
}
