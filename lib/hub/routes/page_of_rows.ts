// The part of a list's statement that is the same for all: its filters, where the page begins, and how far it goes. A
// filter that was not asked for is no part of the statement, so that an index can serve each combination.
import type { Reader } from "../../db/handles.ts";
import { type ListQuery, limitOf, placeOf } from "../http/lists.ts";

/** `p.created_at`. */
export type Column = `${string}.${string}`;

/** `and column = value` for each that was asked for. @param wanted by column, such as `w.status` */
export function equalTo(sql: Reader, wanted: Readonly<Record<string, string | boolean | undefined>>) {
  const parts = Object.entries(wanted).flatMap(([column, value]) =>
    value === undefined ? [] : [sql` and ${sql(column)} = ${value}`],
  );
  return parts.reduce((all, part) => sql`${all}${part}`, sql``);
}

/**
 * What ends the statement: `since`, the cursor, newest first, one row more than the page holds.
 * @param time and `id`: the columns that the list is sorted by, with their table: a bare name would mean the text that is
 * selected under it, which no index has
 */
export function pageFrom(sql: Reader, query: ListQuery, time: Column, id: Column) {
  const place = placeOf(query);
  const since = query.since === undefined ? sql`` : sql`and ${sql(time)} >= ${query.since}::text::timestamptz`;
  const after =
    place.time === null
      ? sql``
      : sql`and (${sql(time)}, ${sql(id)}) < (${place.time}::text::timestamptz, ${place.id}::uuid)`;
  return sql`${since} ${after} order by ${sql(time)} desc, ${sql(id)} desc limit ${limitOf(query) + 1}`;
}
