// TRUNCATE and a rewriting ALTER TABLE do not wait for snapshots: a table that saw one looks empty to an older snapshot, and
// would be taken for a table without rows. What the snapshot's catalog says of its file no longer holds then.
import { OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";

// pg_class is read in the snapshot; pg_relation_filenode() asks what is so now, and gives null for a dropped table.
const CHANGED = `
  select format('%I.%I', n.nspname, c.relname) as name, pg_relation_filenode(c.oid) is null as dropped
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid in (select o::oid from json_array_elements_text($1::text::json) as o)
    and c.relfilenode is distinct from pg_relation_filenode(c.oid)
  order by 1 limit 1`;

/**
 * Holds for what the same transaction has read of these tables before, where it still has its locks.
 * @throws OpsFailure (automation) that names one which is no longer what the snapshot says
 */
export async function requireSameFiles(query: Query, oids: readonly string[]): Promise<void> {
  const [changed] = await query<{ name: string; dropped: boolean }>(CHANGED, [JSON.stringify(oids)]);
  if (changed === undefined) return;
  throw new OpsFailure("Could not read a table as the snapshot shows it", {
    observed: `it was ${changed.dropped ? "dropped" : "truncated or rewritten"} after the snapshot was taken`,
    where: changed.name,
    hint: "Run the same command again: it takes another snapshot",
  });
}
