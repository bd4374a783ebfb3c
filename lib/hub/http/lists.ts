// Lists are {items, next_cursor}, newest first. A cursor names the last item that was given, by time and id, so that rows
// that come meanwhile shift nothing and none is given twice.
import { z } from "@hono/zod-openapi";
import { Problem } from "./problem.ts";
import { givenTime, wholeNumber } from "./values.ts";

export const LIST_LIMIT = { usual: 50, most: 500 } as const;

const limit = wholeNumber(1, LIST_LIMIT.most)
  .optional()
  .openapi({ type: "integer", description: `How many, 1 to ${LIST_LIMIT.most}; ${LIST_LIMIT.usual} unless given` });

/** A time in an answer. */
export const isoTime = z.iso.datetime({ offset: true }).openapi({ description: "ISO 8601 with an offset or Z" });

/** What each list takes; a route adds its filters. */
export const LIST_QUERY = {
  limit,
  since: givenTime.optional().openapi({ description: "Only what is not older, ISO 8601" }),
  cursor: z.string().max(300).optional().openapi({ description: "next_cursor of the page before" }),
} as const;

export interface ListQuery {
  readonly limit?: number | undefined;
  readonly since?: string | undefined;
  readonly cursor?: string | undefined;
}

/** Where a page begins; both null for the first one. */
export interface Place {
  /** ISO 8601 with microseconds. */
  readonly time: string | null;
  readonly id: string | null;
}

// Ids of workplans may have come from a file, in any version of a UUID.
const PLACE = z.tuple([givenTime, z.guid()]);

/** @throws Problem 422 for a cursor that no list has given */
export function placeOf({ cursor }: ListQuery): Place {
  if (cursor === undefined) return { time: null, id: null };
  try {
    const [time, id] = PLACE.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { time, id };
  } catch {
    throw new Problem(422, "Invalid value", { errors: [{ at: "query.cursor", message: "is not one of this list's" }] });
  }
}

export function limitOf(query: ListQuery): number {
  return query.limit ?? LIST_LIMIT.usual;
}

/**
 * @param rows one more than were asked for, where there are more
 * @param at what they are sorted by, ISO 8601
 * @param hasMore there are more although these are fewer than were asked for
 */
export function pageOf<T extends { readonly id: string }>(
  rows: readonly T[],
  query: ListQuery,
  at: (row: T) => string,
  hasMore = false,
): { items: readonly T[]; next_cursor: string | null } {
  const items = rows.slice(0, limitOf(query));
  const last = items.at(-1);
  const more = (hasMore || rows.length > items.length) && last !== undefined;
  return { items, next_cursor: more ? Buffer.from(JSON.stringify([at(last), last.id])).toString("base64url") : null };
}

export function listOf<T extends z.ZodType>(item: T, name: string) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() }).openapi(name);
}
