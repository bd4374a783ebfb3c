// Whether the hub can do its work, and which hub it is: behind a tunnel, another one may answer at the same address.
import { z } from "@hono/zod-openapi";
import type { Reader } from "../../db/handles.ts";
import { within } from "../../within.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { Problem } from "../http/problem.ts";
import { wholeNumber } from "../http/values.ts";
import type { Hub } from "../serving_hub.ts";

const HEALTH = z
  .object({
    status: z.literal("ok"),
    db: z.literal("connected"),
    instance_id: z.uuid().openapi({ description: "Lives in the database: a copy has the same one" }),
    system_identifier: z
      .string()
      .openapi({ description: "Of the PostgreSQL cluster: a copy elsewhere has another one" }),
  })
  .openapi("Health");

const MOST_SECONDS = 3_600;
const QUERY = z.object({
  hold_seconds: wholeNumber(0, MOST_SECONDS)
    .optional()
    .openapi({
      type: "integer",
      description: `Wait so long with the answer, 0 to ${MOST_SECONDS}: whether the path leaves a quiet request alone for as long as a sweep takes`,
    }),
});
/** Nobody proves more paths at once; each is a connection, and needs no token. */
const MOST_HELD = 32;

/** A probe gives up after a few seconds; a server that has fallen silent would be waited for longer. */
const ANSWER_WITHIN_MS = 4_000;

export function healthRoutes(app: HubApp, { database, readsOnly = false }: Hub): void {
  let held = 0;
  offer(
    app,
    {
      method: "get",
      path: "/state/health",
      tag: "state",
      summary: "Whether the hub can do its work, and which one it is",
      query: QUERY,
      answers: { 200: { says: "It can; 503 when its database is gone, or takes no changes", schema: HEALTH } },
    },
    async ({ query, mayTakeLong }) => {
      const { hold_seconds: seconds = 0 } = query;
      if (seconds > 0) {
        if (held >= MOST_HELD) throw new Problem(503, "Too many held requests", { headers: { "retry-after": "60" } });
        mayTakeLong();
        held++;
        await Bun.sleep(seconds * 1_000).finally(() => held--);
      }
      const found = await within(readIdentity(database.sql), ANSWER_WITHIN_MS, null);
      if (found === null) throw unhealthy("Database unavailable", "The State Hub's database does not answer in time");
      const { read_only, ...identity } = found;
      if (read_only && !readsOnly)
        throw unhealthy("Database read-only", "The State Hub's database takes no changes (a standby?)");
      return { status: 200, body: { status: "ok", db: "connected", ...identity } };
    },
  );
}

interface Identity {
  readonly instance_id: string;
  readonly system_identifier: string;
  readonly read_only: boolean;
}

async function readIdentity(sql: Reader): Promise<Identity> {
  const [identity] = await sql<Identity[]>`
    select instance_id, (select system_identifier::text from pg_control_system()) as system_identifier,
      current_setting('transaction_read_only') = 'on' as read_only
    from hub_instance`;
  if (identity === undefined) throw new Error("the hub has no instance row");
  return identity;
}

function unhealthy(title: string, detail: string): Problem {
  return new Problem(503, title, { detail, headers: { "retry-after": "5" } });
}
