// Decisions: what somebody has to settle before work goes on, and what was settled by whom.
import { z } from "@hono/zod-openapi";
import type { Database } from "../../db/connect.ts";
import type { Reader, Transaction } from "../../db/handles.ts";
import { recordTransitions } from "../../events/transitions.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { notFound, Problem } from "../http/problem.ts";
import { BY_ID, givenTime, rowId } from "../http/values.ts";
import { etagOf } from "../http/versions.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const STATUS = z.enum(["open", "resolved", "withdrawn"]);
const DECISION = z
  .object({
    id: rowId,
    repo_id: rowId.nullable(),
    workstream_id: rowId.nullable(),
    task_id: rowId.nullable().openapi({ description: "The hub's id of the task" }),
    title: z.string(),
    detail: z.string().nullable(),
    status: STATUS,
    outcome: z.string().nullable(),
    requires_human: z.boolean(),
    subject_digest: z
      .string()
      .nullable()
      .openapi({ description: "What exactly is decided about, where it is bound to it" }),
    resolved_by: z.string().nullable(),
    resolved_at: isoTime.nullable(),
    expires_at: isoTime.nullable(),
    version: z.number().int(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi("Decision");
type Decision = z.output<typeof DECISION>;

const NEW_DECISION = z
  .strictObject({
    title: z.string().min(1).max(500),
    detail: z.string().max(20_000).optional(),
    repo_id: rowId.optional(),
    workstream_id: rowId.optional(),
    task_id: rowId.optional(),
    requires_human: z.boolean().optional(),
    subject_digest: z.string().max(200).optional(),
    expires_at: givenTime.optional(),
  })
  .openapi("NewDecision");
const RESOLUTION = z
  .strictObject({ outcome: z.string().min(1).max(20_000), resolved_by: z.string().min(1).max(200) })
  .openapi("Resolution");
const QUERY = z.strictObject({ ...LIST_QUERY, status: STATUS.optional(), task_id: rowId.optional() });

export function decisionRoutes(app: HubApp, { database }: Hub): void {
  offerReads(app, database);
  offerAsking(app, database);
  offerSettling(app, database);
}

function offerReads(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "get",
      path: "/decisions",
      tag: "decisions",
      summary: "Decisions, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(DECISION, "DecisionList") } },
    },
    async ({ query }) => ({ status: 200, body: await listDecisions(database.sql, query) }),
  );
  offer(
    app,
    {
      method: "get",
      path: "/decisions/{id}",
      tag: "decisions",
      summary: "One decision",
      params: BY_ID,
      answers: { 200: { says: "As it is", schema: DECISION } },
    },
    async ({ params }) => {
      const row = await readDecision(database.sql, params.id);
      return { status: 200, body: row, headers: etagOf(row) };
    },
  );
}

function offerAsking(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "post",
      path: "/decisions",
      tag: "decisions",
      summary: "Asks for a decision",
      body: NEW_DECISION,
      headers: ONCE_HEADERS,
      answers: { 201: { says: "It waits for somebody now", schema: DECISION } },
    },
    (asked) =>
      once(database, asked, async (tx) => {
        const decision = await insertDecision(tx, asked.body);
        return { status: 201, body: decision, headers: { ...etagOf(decision), location: `/decisions/${decision.id}` } };
      }),
  );
}

function offerSettling(app: HubApp, database: Database): void {
  offer(
    app,
    {
      method: "post",
      path: "/decisions/{id}/resolve",
      tag: "decisions",
      summary: "Settles a decision",
      params: BY_ID,
      body: RESOLUTION,
      headers: ONCE_HEADERS,
      answers: { 200: { says: "It is settled; others are told", schema: DECISION } },
    },
    (asked) =>
      once(database, asked, async (tx) => {
        const decision = await resolveDecision(tx, asked.params.id, asked.body);
        return { status: 200, body: decision, headers: etagOf(decision) };
      }),
  );
}

async function listDecisions(sql: Reader, query: z.output<typeof QUERY>) {
  const { status, task_id } = query;
  const rows = await sql<Decision[]>`
    select ${columns(sql)} from decisions d
    where true ${equalTo(sql, { status, task_id })} ${pageFrom(sql, query, "d.created_at", "d.id")}`;
  return pageOf(rows, query, ({ created_at }) => created_at);
}

/** @throws Problem 404 */
async function readDecision(sql: Reader, id: string): Promise<Decision> {
  const [row] = await sql<Decision[]>`select ${columns(sql)} from decisions where id = ${id}`;
  if (row === undefined) throw notFound("decision", id);
  return row;
}

/** Times as PostgreSQL's JSON writes them: ISO 8601, with all their digits. */
function columns(sql: Reader) {
  return sql`id, repo_id, workstream_id, task_id, title, detail, status, outcome, requires_human, subject_digest, resolved_by,
    to_json(resolved_at) #>> '{}' as resolved_at, to_json(expires_at) #>> '{}' as expires_at, version::int as version,
    to_json(created_at) #>> '{}' as created_at, to_json(updated_at) #>> '{}' as updated_at`;
}

async function insertDecision(tx: Transaction, asked: z.output<typeof NEW_DECISION>): Promise<Decision> {
  const { title, detail = null, repo_id = null, workstream_id = null, task_id = null } = asked;
  const { requires_human = false, subject_digest = null, expires_at = null } = asked;
  const [row] = await tx<Decision[]>`
    insert into decisions (title, detail, repo_id, workstream_id, task_id, requires_human, subject_digest, expires_at)
    values (${title}, ${detail}, ${repo_id}, ${workstream_id}, ${task_id}, ${requires_human}, ${subject_digest}, ${expires_at}::text::timestamptz)
    returning ${columns(tx)}`;
  if (row === undefined) throw new Error("an insert gave no row");
  return row;
}

/** @throws Problem 404; 409 when it is settled already, or only a person's signature may settle it */
async function resolveDecision(tx: Transaction, id: string, asked: z.output<typeof RESOLUTION>): Promise<Decision> {
  const [before] = await tx<(Decision & { expired: boolean })[]>`
    select ${columns(tx)}, coalesce(expires_at <= now(), false) as expired from decisions where id = ${id} for update`;
  if (before === undefined) throw notFound("decision", id);
  if (before.status !== "open")
    throw new Problem(409, "Already settled", { detail: `It is ${before.status} since ${before.updated_at}` });
  if (before.requires_human)
    throw new Problem(409, "Signature required", {
      detail: "Only a person's signature settles it: nobody may do so over the API",
    });
  if (before.expired) throw new Problem(409, "Expired", { detail: `It could be settled until ${before.expires_at}` });
  const [row] = await tx<Decision[]>`
    update decisions set status = 'resolved', outcome = ${asked.outcome}, resolved_by = ${asked.resolved_by}, resolved_at = now()
    where id = ${id} returning ${columns(tx)}`;
  if (row === undefined) throw new Error("an update gave no row");
  await Promise.all(recordTransitions(tx, [{ of: "decision", id, from: before.status, to: row.status }]));
  return row;
}
