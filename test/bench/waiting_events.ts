// Lifecycle events as an outage leaves them behind: committed, and known to nobody.
import type { Sql } from "../../lib/db/handles.ts";

/** Of the size and shape that a finished workplan has. */
export async function addEvents(sql: Sql, count: number): Promise<void> {
  await sql`
    insert into outbox (subject, attributes)
    select 'org.statehub.workstream.completed', jsonb_build_object('workstream_id', gen_random_uuid(), 'workplan_id', 'BENCH-WP-' || n,
      'repo_id', gen_random_uuid(), 'repo', 'repo-' || n % 500, 'domain', 'custodian', 'from', 'active', 'to', 'finished')
    from generate_series(1, ${count}::int) n`;
}
