// Activity runs: whether a scheduled activity fired, and what came of it. They are activity-core's; the hub only reads them.
import { z } from "@hono/zod-openapi";
import type { Reader } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { flag, name, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { equalTo, pageFrom } from "./page_of_rows.ts";

const STATUS = z.enum(["running", "succeeded", "failed", "skipped"]);
const RUN = z
  .object({
    run_id: rowId,
    definition_id: rowId,
    definition: z.string().nullable().openapi({ description: "Its name, where the definition is known here" }),
    source: z.string(),
    scheduled_for: isoTime.nullable().openapi({ description: "Its slot; null for a run that no schedule asked for" }),
    fired_at: isoTime,
    finished_at: isoTime.nullable(),
    status: STATUS,
    reason: z.string().nullable(),
    attempts: z.number().int(),
    context_snapshot: z.record(z.string(), z.unknown()).optional().openapi({ description: "With snapshot=true alone" }),
  })
  .openapi("ActivityRun");
type Run = z.output<typeof RUN>;

const QUERY = z.strictObject({
  ...LIST_QUERY,
  definition_id: rowId.optional(),
  source: name.optional(),
  status: STATUS.optional(),
  snapshot: flag.optional().openapi({ description: "Whether each comes with its context_snapshot, a whole report" }),
});

export function activityRunRoutes(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/activity-runs",
      tag: "activity-runs",
      summary: "Runs of scheduled activities, newest first",
      query: QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(RUN, "ActivityRunList") } },
    },
    async ({ query }) => ({ status: 200, body: await listRuns(database.sql, query) }),
  );
}

async function listRuns(sql: Reader, query: z.output<typeof QUERY>) {
  const { definition_id, source, status, snapshot } = query;
  const rows = await sql<(Run & { id: string })[]>`
    select r.run_id as id, r.run_id, r.definition_id, d.name as definition, r.source, to_json(r.scheduled_for) #>> '{}' as scheduled_for,
      to_json(r.fired_at) #>> '{}' as fired_at, to_json(r.finished_at) #>> '{}' as finished_at, r.status, r.reason, r.attempts
      ${snapshot ? sql`, r.context_snapshot` : sql``}
    from activity.activity_runs r left join activity.activity_definitions d on d.id = r.definition_id
    where true ${equalTo(sql, { "r.definition_id": definition_id, "r.source": source, "r.status": status })}
      ${pageFrom(sql, query, "r.fired_at", "r.run_id")}`;
  const { items, next_cursor } = pageOf(rows, query, ({ fired_at }) => fired_at);
  return { items: items.map(({ id: _, ...run }) => run), next_cursor };
}
