// Domain goals: what a domain is to reach. A draft binds nobody; activating it tells others.
import { z } from "@hono/zod-openapi";
import type { Database } from "../../db/connect.ts";
import type { Reader, Transaction } from "../../db/handles.ts";
import { recordTransitions } from "../../events/transitions.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { notFound, Problem } from "../http/problem.ts";
import { BY_ID, domainSlug, NOTHING, name, rowId } from "../http/values.ts";
import { etagOf } from "../http/versions.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const STATUS = z.enum(["draft", "active", "achieved", "dropped"]);
const GOAL = z
  .object({
    id: rowId,
    domain: z.string(),
    title: z.string(),
    detail: z.string().nullable(),
    status: STATUS,
    activated_at: isoTime.nullable(),
    version: z.number().int(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi("DomainGoal");
type Goal = z.output<typeof GOAL>;

const NEW_GOAL = z
  .strictObject({
    domain: domainSlug.openapi({ description: "Its slug; created when the hub does not know it" }),
    title: z.string().min(1).max(500),
    detail: z.string().max(20_000).optional(),
  })
  .openapi("NewDomainGoal");
const QUERY = z.strictObject({ ...LIST_QUERY, domain: name.optional(), status: STATUS.optional() });

export function domainGoalRoutes(app: HubApp, { database }: Hub): void {
  offerDrafts(app, database);
  offerActivation(app, database);
}

function offerDrafts(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "get",
      path: "/domain-goals",
      tag: "domain-goals",
      summary: "Goals, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(GOAL, "DomainGoalList") } },
    },
    async ({ query }) => ({ status: 200, body: await listGoals(database.sql, query) }),
  );
  offer(
    app,
    {
      method: "post",
      path: "/domain-goals",
      tag: "domain-goals",
      summary: "Drafts a goal",
      body: NEW_GOAL,
      headers: ONCE_HEADERS,
      answers: { 201: { says: "It is a draft", schema: GOAL } },
    },
    (asked) => once(database, asked, async (tx) => replyWith(201, await insertGoal(tx, asked.body))),
  );
}

function offerActivation(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "post",
      path: "/domain-goals/{id}/activate",
      tag: "domain-goals",
      summary: "Makes a draft the domain's goal; other active ones stay so",
      params: BY_ID,
      body: NOTHING,
      headers: ONCE_HEADERS,
      answers: { 200: { says: "It is active; others are told, unless it was before", schema: GOAL } },
    },
    (asked) => once(database, asked, async (tx) => replyWith(200, await activateGoal(tx, asked.params.id))),
  );
}

function replyWith(status: number, goal: Goal) {
  return { status, body: goal, headers: etagOf(goal) };
}

async function listGoals(sql: Reader, query: z.output<typeof QUERY>) {
  const wanted = { "d.slug": query.domain, "g.status": query.status };
  const rows = await sql<Goal[]>`
    select ${columns(sql)} from domain_goals g join domains d on d.id = g.domain_id
    where true ${equalTo(sql, wanted)} ${pageFrom(sql, query, "g.created_at", "g.id")}`;
  return pageOf(rows, query, ({ created_at }) => created_at);
}

async function insertGoal(tx: Transaction, asked: z.output<typeof NEW_GOAL>): Promise<Goal> {
  const { domain, title, detail = null } = asked;
  await tx`insert into domains (slug) values (${domain}) on conflict do nothing`;
  const [made] = await tx<{ id: string }[]>`
    insert into domain_goals (domain_id, title, detail)
    select id, ${title}, ${detail} from domains where slug = ${domain} returning id`;
  return goalWith(tx, made?.id ?? "");
}

/** @throws Problem 404; 409 for one that is over */
async function activateGoal(tx: Transaction, id: string): Promise<Goal> {
  const [before] = await tx<Pick<Goal, "status">[]>`select status from domain_goals where id = ${id} for update`;
  if (before === undefined) throw notFound("domain goal", id);
  const { status } = before;
  if (status === "achieved" || status === "dropped")
    throw new Problem(409, "Goal is over", { detail: `It is ${status}: draft another one` });
  if (status === "draft") {
    await tx`update domain_goals set status = 'active', activated_at = now() where id = ${id}`;
    await Promise.all(recordTransitions(tx, [{ of: "domain_goal", id, from: status, to: "active" }]));
  }
  return goalWith(tx, id);
}

async function goalWith(sql: Reader, id: string): Promise<Goal> {
  const [row] = await sql<Goal[]>`
    select ${columns(sql)} from domain_goals g join domains d on d.id = g.domain_id where g.id = ${id}`;
  if (row === undefined) throw new Error("a goal that was just written is not there");
  return row;
}

function columns(sql: Reader) {
  return sql`g.id, d.slug as domain, g.title, g.detail, g.status, to_json(g.activated_at) #>> '{}' as activated_at,
    g.version::int as version, to_json(g.created_at) #>> '{}' as created_at, to_json(g.updated_at) #>> '{}' as updated_at`;
}
