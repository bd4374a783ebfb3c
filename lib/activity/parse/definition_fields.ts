// What each key of a definition may hold, and in what words that is told. One row for each, in the order in which the keys
// stand in a file; a key that has no row here is refused.
import { z } from "zod";
import { REQUIREMENTS } from "../../schedule/requirement.ts";

/** A name of a Kubernetes CronJob has 11 characters fewer than a label: its Jobs get a suffix. */
export const LONGEST_UNIT_NAME = 52;
const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const ID = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.(?=[^.]{1,${LONGEST_UNIT_NAME}}$)${LABEL}$`);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const EVENT = /^org(?:\.[a-z][a-z0-9_]*){2,}$/;
/** No control, format or separator character: it stands in units, tables and logs. */
const ONE_LINE = /^(?![\s\S]*[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])\S(?:[\s\S]*\S)?$/u;
/** Words that no shell, no unit and no YAML reads as anything else. */
const INSTRUCTION = /^scripts\/[a-z][a-z0-9_]*\.ts(?: [A-Za-z0-9@+=:,./_-]+)*$/;
const LONGEST_BUDGET_S = 86_400;

interface FieldRule {
  readonly schema: z.ZodType;
  readonly expected: string;
  readonly hint: string;
}

const line = (longest: number) => z.string().max(longest).regex(ONE_LINE);

export const FIELD_RULES = {
  id: {
    schema: z.string().max(253).regex(ID),
    expected: `an owner, a dot and a name of at most ${LONGEST_UNIT_NAME} lower-case letters, digits and dashes`,
    hint: "Write for example `id: the-custodian.state-hub-consistency-sweep`: the part behind the last dot names unit and CronJob",
  },
  uuid: {
    schema: z.string().regex(UUID),
    expected: "a UUID in lower case",
    hint: "Make one with `uuidgen`; it stays the same for the activity's whole life",
  },
  name: {
    schema: line(100),
    expected: "one line of at most 100 printable characters",
    hint: "Write the name as people say it",
  },
  trigger: {
    schema: z.union([z.strictObject({ cron: line(100) }), z.strictObject({ event: z.string().regex(EVENT) })]),
    expected: "either cron or event",
    hint: 'Write `cron: "*/15 * * * *"` below `trigger:`, or `event: org.statehub.workstream.completed`',
  },
  timezone: {
    schema: z.literal("UTC"),
    expected: "UTC",
    hint: "Write `timezone: UTC` and the schedule's hours in UTC: no change of summer time doubles or drops a run then",
  },
  misfire_policy: {
    schema: z.literal("skip"),
    expected: "skip",
    hint: "Write `misfire_policy: skip`: a slot that was missed is not made up for",
  },
  max_seconds: {
    schema: z.int().min(1).max(LONGEST_BUDGET_S),
    expected: `a whole number from 1 to ${LONGEST_BUDGET_S}, without quotes`,
    hint: "Write for example `max_seconds: 300`; what kills a run that outlives it follows from it",
  },
  on_failure: {
    schema: z.literal("log_and_continue"),
    expected: "log_and_continue",
    hint: "Write `on_failure: log_and_continue`: the next slot is the next attempt",
  },
  enabled: {
    schema: z.boolean(),
    expected: "true or false, without quotes",
    hint: "Write `enabled: true` or `enabled: false`",
  },
  requires: {
    schema: z.array(z.enum(REQUIREMENTS)).refine((names) => new Set(names).size === names.length),
    expected: `a list of: ${REQUIREMENTS.join(", ")}, each once`,
    hint: "Write `requires: [state-hub.health]`, or `requires: []`",
  },
  rule: {
    schema: line(500),
    expected: "one line of at most 500 printable characters, in quotes",
    hint: 'Write when to act; `rule: "true"` is always',
  },
  instruction: {
    schema: z.string().max(500).regex(INSTRUCTION),
    expected: "scripts/NAME.ts and its flags, plain words with one space between them",
    hint: "Write for example `instruction: scripts/consistency_check.ts --remote --all`; no quotes, variables or shell are read",
  },
} as const satisfies Readonly<Record<string, FieldRule>>;

export type FieldName = keyof typeof FIELD_RULES;

export const DEFINITION_SCHEMA = z.strictObject({
  id: FIELD_RULES.id.schema,
  uuid: FIELD_RULES.uuid.schema,
  name: FIELD_RULES.name.schema,
  trigger: FIELD_RULES.trigger.schema,
  timezone: FIELD_RULES.timezone.schema,
  misfire_policy: FIELD_RULES.misfire_policy.schema,
  max_seconds: FIELD_RULES.max_seconds.schema,
  on_failure: FIELD_RULES.on_failure.schema,
  enabled: FIELD_RULES.enabled.schema,
  requires: FIELD_RULES.requires.schema,
  rule: FIELD_RULES.rule.schema,
  instruction: FIELD_RULES.instruction.schema,
});
