// Five fields of cron, read as strictly as every scheduler that fires them: what systemd, Kubernetes and our own slots would
// read in different ways is refused, so that one line means the same moments everywhere.
import { OpsFailure } from "../failure.ts";

/** The values of each field, ascending, each once. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
}

interface FieldShape {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Words for the values, from `min` on. */
  readonly words?: readonly string[];
}

export const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
export const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SHAPES = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, words: MONTHS },
  { name: "day of week", min: 0, max: 6, words: WEEKDAYS },
] as const satisfies readonly FieldShape[];

/** @throws OpsFailure that names the field and what it may hold */
export function cronFields(cron: string): CronFields {
  refuseDialects(cron);
  const fields = cron.split(" ");
  if (fields.includes("")) throw refused(`"${cron}"`, "one space between the fields, and none around them");
  if (fields.length !== SHAPES.length) {
    throw refused(`${cron}: ${fields.length} fields`, "minute, hour, day of month, month and day of week");
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = SHAPES.map((shape, at) =>
    valuesOf(fields[at] ?? "", shape, cron),
  );
  if (fields[2] !== "*" && fields[4] !== "*") {
    throw refused(
      `${cron}: day of month and day of week are both restricted`,
      "one of the two as *: systemd fires when both hold, Kubernetes when either does",
      'Restrict one of the two: "0 3 * * 1" is every Monday, "0 3 1 * *" the first of each month',
    );
  }
  return { minutes, hours, daysOfMonth, months, daysOfWeek };
}

const DIALECTS: readonly { readonly pattern: RegExp; readonly says: string }[] = [
  { pattern: /^(?:CRON_)?TZ=/, says: "it names a time zone of its own, and all schedules are in UTC" },
  { pattern: /^@/, says: "a word in place of the five fields" },
  { pattern: /[#?]|\dL\b|(?:^|[ ,])LW?\b|\dW\b/, says: "L, W, # and ? mean different things to different schedulers" },
];

function refuseDialects(cron: string): void {
  const dialect = DIALECTS.find(({ pattern }) => pattern.test(cron));
  if (dialect) throw refused(`${cron}: ${dialect.says}`, "five fields of numbers, names, *, ranges, lists and steps");
}

function valuesOf(field: string, shape: FieldShape, cron: string): number[] {
  const values = field.split(",").flatMap((part) => partOf(part, shape, cron));
  return [...new Set(values)].sort((a, b) => a - b);
}

/** One of a list: `*`, `7`, `1-5`, `MON`, or one of the ranges with `/step`. */
function partOf(part: string, shape: FieldShape, cron: string): number[] {
  const { min, max } = shape;
  const [range = "", step, more] = part.split("/");
  const [first = "", last, beyond] = range.split("-");
  const isRange = range === "*" || last !== undefined;
  const [from, to] = range === "*" ? [min, max] : [valueNamed(first, shape), valueNamed(last ?? first, shape)];
  const by = step === undefined ? 1 : numberOf(step);
  const whole = more === undefined && beyond === undefined && (step === undefined || isRange);
  if (!whole || !(from >= min && to <= max && from <= to) || !(by >= 1 && by <= max - min)) {
    throw refused(`${cron}: "${part}" as ${shape.name}`, expectedOf(shape));
  }
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, at) => from + at * by);
}

function valueNamed(text: string, { min, words }: FieldShape): number {
  const word = words?.indexOf(text.toUpperCase()) ?? -1;
  return word === -1 ? numberOf(text) : min + word;
}

function numberOf(text: string): number {
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

function expectedOf({ min, max, words }: FieldShape): string {
  const named = words === undefined ? "" : `, or ${words[0]} to ${words.at(-1)}`;
  return `${min} to ${max}${named}; a range as ${min}-${max}, a step as */2 or ${min}-${max}/2`;
}

function refused(observed: string, expected: string, hint = 'Write for example "*/15 * * * *"'): OpsFailure {
  return new OpsFailure("Could not read the schedule", { observed, expected, hint });
}
