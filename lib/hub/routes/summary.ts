// The state of everything in one answer, for whoever looks in once a minute, and for whoever compares two databases: it
// depends on the database and `as_of` alone, so that a restored copy gives the same bytes.
import { z } from "@hono/zod-openapi";
import { TASK_STATUSES, WORKPLAN_STATUSES } from "../../workplan/types.ts";
import { isoTime } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { sharedReads } from "../http/shared_reads.ts";
import { givenTime, rowId } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";
import { readSummary } from "./summary_rows.ts";

const count = z.number().int();
/** A count for each status, also where there is none. */
const counts = (...names: readonly string[]) => z.object(Object.fromEntries(names.map((name) => [name, count])));
const aged = { age_seconds: count.openapi({ description: "Before as_of" }) };

const SUMMARY = z
  .object({
    as_of: isoTime,
    repos: count,
    missing_repos: count,
    workstreams: counts(...WORKPLAN_STATUSES),
    tasks: counts(...TASK_STATUSES),
    needs_human: count.openapi({ description: "Open tasks that wait for a person" }),
    orphaned: z.object({ workstreams: count, tasks: count }),
    open_decisions: count,
    active_goals: count,
    last_progress: z
      .object({ id: rowId, event_type: z.string(), source: z.string().nullable(), at: isoTime, ...aged })
      .nullable(),
    sweep: z
      .object({
        finished_at: isoTime,
        ...aged,
        write_back: z.boolean(),
        oldest_check: z
          .object({ repo: z.string(), checked_at: isoTime.nullable(), age_seconds: count.nullable() })
          .nullable(),
        backing_off: count,
      })
      .nullable()
      .openapi({ description: "null before the first one" }),
    open_findings: z.object({
      error: count,
      warning: count,
      waived: count.openapi({ description: "In none of the other counts" }),
      by_check: z.record(z.string(), z.object({ error: count, warning: count })),
    }),
    unsettled_conflicts: count,
    pending_writebacks: z.object({ count, oldest: isoTime.nullable(), age_seconds: count.nullable() }),
    held_plans: z.object({ count, oldest: isoTime.nullable(), age_seconds: count.nullable() }),
  })
  .openapi("Summary");
const QUERY = z.strictObject({
  as_of: givenTime.optional().openapi({ description: "What ages are counted from, ISO 8601; now unless given" }),
});

export function summaryRoutes(app: HubApp, { database }: Hub): void {
  const shared = sharedReads<string>();
  offer(
    app,
    {
      method: "get",
      path: "/state/summary",
      tag: "state",
      summary: "Counts and ages of everything; nothing of removed repositories",
      query: QUERY,
      answers: { 200: { says: "One snapshot of the database", schema: SUMMARY } },
    },
    async ({ query: { as_of } }) => {
      const body = await shared(as_of ?? "", () => readSummary(database.sql, as_of ?? null));
      return { status: 200, body, headers: { "content-type": "application/json" } };
    },
  );
}
