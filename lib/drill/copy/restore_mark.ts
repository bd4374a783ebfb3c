// The mark on a database that is being restored into for real: its own comment. A run that is killed can tell nobody, and half of a
// restore may look whole: all tables, and not all rows.
import { hostname } from "node:os";
import { quoteName, quoteText } from "../../postgres/globals/quote.ts";
import type { Query } from "../../query.ts";
import { DRILL } from "../evidence/drill_name.ts";

const BEGINS = `being restored by ${DRILL}`;

/** To be run before anything is restored. The source's own comment, or none, takes its place when all is there. */
export function markStatement(database: string, now: Date): string {
  const mark = `${BEGINS} on ${hostname()} since ${now.toISOString()}, not whole`;
  return `COMMENT ON DATABASE ${quoteName(database)} IS ${quoteText(mark)}`;
}

/** The mark on the database that is asked; null: there is none. */
export async function readMark(query: Query): Promise<string | null> {
  const [found] = await query<{ comment: string | null }>(
    `select pg_catalog.shobj_description(oid, 'pg_database') as comment
       from pg_catalog.pg_database where datname operator(pg_catalog.=) pg_catalog.current_database()`,
  );
  return found?.comment?.startsWith(BEGINS) ? found.comment : null;
}
