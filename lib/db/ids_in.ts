// A list of row ids as one parameter of a statement, however many there are: `where id in (${idsIn(sql, ids)})`.
import type { Reader } from "./handles.ts";

/** @param ids UUIDs; their number does not change the statement, so that it is prepared once */
export function idsIn(sql: Reader, ids: readonly string[]) {
  return sql`select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json)`;
}
