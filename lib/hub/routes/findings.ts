// Findings: what the checks found and nobody has mended yet. The same that a report lists, of every repository at once.
import { z } from "@hono/zod-openapi";
import type { Reader } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { filePath, name, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const SEVERITY = z.enum(["error", "warning"]);
const text = z.string().nullable();
const FINDING = z
  .object({
    id: rowId,
    check: z.string(),
    severity: SEVERITY,
    repo: z.string(),
    path: text,
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
    subject: text,
    message: z.string(),
    observed: text,
    expected: text,
    hint: text,
    first_seen: isoTime,
    last_seen: isoTime,
    seen_count: z.number().int().openapi({ description: "At how many different commits" }),
    times_reopened: z.number().int(),
    closed_at: isoTime.nullable(),
    waived: z.boolean(),
  })
  .openapi("Finding");
type Finding = z.output<typeof FINDING>;

const QUERY = z.strictObject({
  ...LIST_QUERY,
  state: z.enum(["open", "closed", "all"]).default("open"),
  check: z
    .string()
    .regex(/^C-\d\d$/, "must be a check such as C-05")
    .optional(),
  severity: SEVERITY.optional(),
  repo: name.optional().openapi({ description: "Its slug" }),
  path: filePath.optional(),
});

export function findingRoutes(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/findings",
      tag: "findings",
      summary: "Open findings, the latest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(FINDING, "FindingList") } },
    },
    async ({ query }) => ({ status: 200, body: await listFindings(database.sql, query) }),
  );
}

/** Nothing of removed repositories. */
async function listFindings(sql: Reader, query: z.output<typeof QUERY>) {
  const { state, check, severity, repo, path } = query;
  const states = { open: sql`and f.closed_at is null`, closed: sql`and f.closed_at is not null`, all: sql`` };
  const rows = await sql<Finding[]>`
    select f.id, f.check_id as check, f.severity, r.slug as repo, f.path, f.line, f."column", f.subject, f.message, f.observed,
      f.expected, f.hint, to_json(f.first_seen) #>> '{}' as first_seen, to_json(f.last_seen) #>> '{}' as last_seen,
      f.seen_count, f.times_reopened, to_json(f.closed_at) #>> '{}' as closed_at, f.waiver_id is not null as waived
    from findings f join repos r on r.id = f.repo_id
    where r.removed_at is null ${states[state]}
      ${equalTo(sql, { "f.check_id": check, "f.severity": severity, "r.slug": repo, "f.path": path })}
      ${pageFrom(sql, query, "f.first_seen", "f.id")}`;
  return pageOf(rows, query, ({ first_seen }) => first_seen);
}
