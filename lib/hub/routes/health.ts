// Whether the hub can do its work, and which hub it is: behind a tunnel, another one may answer at the same address.
import { z } from "@hono/zod-openapi";
import { type HubApp, offer } from "../http/offer.ts";
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

export function healthRoutes(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/state/health",
      tag: "state",
      summary: "Whether the hub can do its work, and which one it is",
      answers: { 200: { says: "It can; 503 when its database is gone", schema: HEALTH } },
    },
    async () => {
      const { sql } = database;
      const [identity] = await sql<{ instance_id: string; system_identifier: string }[]>`
        select instance_id, (select system_identifier::text from pg_control_system()) as system_identifier
        from hub_instance`;
      return { status: 200, body: { status: "ok", db: "connected", ...identity } };
    },
  );
}
