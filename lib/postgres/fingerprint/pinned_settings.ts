// A row's text depends on the session that asks for it. Two sessions that do not agree on all of these find differences
// where there are none, so a fingerprint is read under exactly these, whatever the role or the database sets.
import { OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";

export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  // How values are written.
  TimeZone: "UTC",
  DateStyle: "ISO, YMD",
  IntervalStyle: "postgres",
  extra_float_digits: "3",
  bytea_output: "hex",
  lc_monetary: "C",
  client_encoding: "UTF8",
  // A regclass, regproc or regtype is written with its schema unless that is searched.
  search_path: "pg_catalog",
  quote_all_identifiers: "off",
  // Rows that a policy hides are an error, not a smaller table.
  row_security: "off",
  // How the statements run. Compiling costs more than it brings; sessions are the parallelism, so that their number is the load.
  jit: "off",
  max_parallel_workers_per_gather: "0",
  enable_tidscan: "on",
  enable_hashagg: "on",
};

const UNPINNED = `
  select given.key as name, current_setting(given.key, true) as seen, given.value as wanted
  from json_each_text($1::text::json) as given
  where current_setting(given.key, true) is distinct from given.value`;

/** @throws OpsFailure (automation) when the session has another setting */
export async function requirePinned(query: Query): Promise<void> {
  const [wrong] = await query<{ name: string; seen: string | null; wanted: string }>(UNPINNED, [
    JSON.stringify(PINNED_SETTINGS),
  ]);
  if (wrong === undefined) return;
  throw new OpsFailure("Could not fingerprint the database", {
    observed: `${wrong.name} is ${wrong.seen ?? "not known"} in this session`,
    expected: wrong.wanted,
    hint: "The session must be opened with PINNED_SETTINGS; a pooler may have dropped them: ask the server itself",
  });
}
