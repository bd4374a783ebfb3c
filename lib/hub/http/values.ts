// Values that many bodies and queries hold, each said once: what is accepted here must be what the database takes, or a
// client gets a refusal that names no field.
import { z } from "@hono/zod-openapi";

/**
 * An id of a row. Files may bring ids of any version along, which RFC 9562's pattern would refuse. A `type` here would be
 * the whole description, also of one that may be null.
 */
export const rowId = z.guid().openapi({ format: "uuid" });

/** The key of a path: `/tasks/{id}`. */
export const BY_ID = z.object({ id: rowId });

/** A text of one line. */
const line = (longest: number) => z.string().min(1).max(longest).refine(isPlain, "must hold no control character");

/** A short text, such as a filter of a list. */
export const name = line(200);

/** Of a file in a repository, as long as a file system takes it. */
export const filePath = line(4096);

/** The body of a route that takes none: anything in it was meant for another one. */
export const NOTHING = z.strictObject({}).openapi("Nothing");

/** A repository's short name, as `repo add` makes it. */
export const slug = z.string().regex(/^[a-z0-9_][a-z0-9._-]{0,99}$/, "must be lower case letters, digits, . _ -");

/** A domain as files may name it. */
export const domainSlug = z
  .string()
  .regex(/^\S(.{0,198}\S)?$/, "must be 1 to 200 characters in one line")
  .refine(isPlain, "must hold no control character");

export const flag = z
  .enum(["true", "false"])
  .transform((value) => value === "true")
  .openapi({ type: "boolean", enum: [true, false] });

const FIRST_MOMENT = Date.parse("0001-01-01T00:00:00Z");
const LAST_MOMENT = Date.parse("9999-12-31T23:59:59Z");

/** A time that a client gives: PostgreSQL knows offsets below 16 hours, and what comes back must be ISO 8601 again. */
export const givenTime = z.iso
  .datetime({ offset: true, abort: true })
  .max(64)
  .refine(isKept, "must be a time of the years 1 to 9999 by UTC, with an offset below 16 hours")
  .openapi({ format: "date-time", description: "ISO 8601 with an offset or Z" });

/** A day that exists, in a year that PostgreSQL knows. */
export const day = z.iso
  .date()
  .regex(/^(?!0000)/, "must be a day that exists")
  .openapi({ format: "date", description: "YYYY-MM-DD, by UTC" });

/** Whatever a caller wants to keep beside a row. What would come back changed is refused, not stored. */
export const detail = z
  .record(z.string(), z.unknown())
  .refine(isStorable, "must hold no number that cannot be stored exactly")
  .openapi({ type: "object", additionalProperties: true });

function isKept(time: string): boolean {
  const moment = Date.parse(time);
  return moment >= FIRST_MOMENT && moment <= LAST_MOMENT && /(Z|[+-](0\d|1[0-5]):\d\d)$/.test(time);
}

function isPlain(value: string): boolean {
  return !/\p{Cc}/u.test(value);
}

function isStorable(value: unknown): boolean {
  if (typeof value === "number")
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isStorable);
}

/** Of a query: whole numbers without sign or exponent. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be ${least} to ${most}`);
}
