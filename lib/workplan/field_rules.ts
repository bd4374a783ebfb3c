// What each key of a workplan and of a task may hold. Rows in a table: the reader loops over them, and a new key is one row.
import { PRIORITIES, TASK_STATUSES, WORKPLAN_STATUSES } from "./types.ts";

export interface FieldRule {
  readonly key: string;
  readonly required: boolean;
  readonly accepts: (value: string) => boolean;
  readonly expected: string;
  readonly hint: string;
  /** Prose may also be a block of several lines; its last line ends are dropped. */
  readonly manyLines?: true;
}

const WORKPLAN_ID = /^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-WP-\d{4,}$/;
const TASK_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]*-T\d{2,}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Ids, and names by which the hub looks rows up. */
export const LONGEST_ID = 200;

export function isWorkplanId(value: string): boolean {
  return value.length <= LONGEST_ID && WORKPLAN_ID.test(value);
}

export function isTaskId(value: string): boolean {
  return value.length <= LONGEST_ID && TASK_ID.test(value);
}

/** An id of the hub: a UUID in its canonical form, either case (RFC 9562 section 4). */
export function isHubId(value: string): boolean {
  return UUID.test(value);
}

/** A day that exists, written YYYY-MM-DD. There is no year 0000: PostgreSQL refuses it too. */
export function isDate(value: string): boolean {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

function oneOf(key: string, required: boolean, values: readonly string[]): FieldRule {
  const expected = values.join(", ");
  return {
    key,
    required,
    accepts: (value) => values.includes(value),
    expected,
    hint: `Set ${key} to one of: ${expected}`,
  };
}

function text(key: string, required: boolean): FieldRule {
  return {
    key,
    required,
    accepts: () => true,
    expected: "a text of one line",
    hint: `Write ${key} as a text of one line`,
  };
}

/** A name that the hub keeps in an index, where PostgreSQL bounds the length of an entry. */
function slug(key: string): FieldRule {
  const expected = `a name of at most ${LONGEST_ID} characters`;
  return {
    key,
    required: true,
    accepts: (value) => value.length <= LONGEST_ID,
    expected,
    hint: `Write ${key} as ${expected}`,
  };
}

function prose(key: string): FieldRule {
  return {
    key,
    required: false,
    accepts: () => true,
    expected: "a text",
    hint: `Write ${key} as a text`,
    manyLines: true,
  };
}

function date(key: string, required: boolean): FieldRule {
  return {
    key,
    required,
    accepts: isDate,
    expected: "a date, YYYY-MM-DD",
    hint: `Write ${key} as a day that exists, such as "2026-11-21"`,
  };
}

function hubId(key: string): FieldRule {
  const hint = `Delete the ${key} line: the hub knows the row by its other ids and writes the right one back`;
  return { key, required: false, accepts: isHubId, expected: "a UUID", hint };
}

/** Keys of the front matter that hold one line; `type` and `depends_on` are read on their own. */
export const WORKPLAN_RULES: readonly FieldRule[] = [
  {
    key: "id",
    required: true,
    accepts: isWorkplanId,
    expected: "an id such as STATE-WP-0064",
    hint: "Write the id in capitals: a prefix, -WP-, and at least four digits",
  },
  text("title", true),
  slug("domain"),
  text("repo", true),
  oneOf("status", true, WORKPLAN_STATUSES),
  text("owner", true),
  slug("topic_slug"),
  date("created", true),
  date("updated", true),
  text("follow_up_workplan", false),
  prose("supersedes_intent_from"),
  hubId("state_hub_workstream_id"),
];

export const TASK_RULES: readonly FieldRule[] = [
  {
    key: "id",
    required: true,
    accepts: isTaskId,
    expected: "an id such as STATE-WP-0064-T01",
    hint: "Write the workplan's id, -T, and at least two digits",
  },
  oneOf("status", true, TASK_STATUSES),
  oneOf("priority", true, PRIORITIES),
  date("completed", false),
  oneOf("needs_human", false, ["true", "false"]),
  prose("intervention_note"),
  hubId("state_hub_task_id"),
];
