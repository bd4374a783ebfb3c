// A cron schedule as systemd's OnCalendar, in UTC: the same moments, so that a timer and a CronJob of one activity fill the
// same slots.
import { type CronFields, cronFields, WEEKDAYS } from "./cron_fields.ts";

/**
 * "*-*-* *:00/15:00 UTC" for a schedule of every quarter of an hour.
 * @throws OpsFailure as cronFields()
 */
export function onCalendar(cron: string): string {
  const { minutes, hours, daysOfMonth, months, daysOfWeek }: CronFields = cronFields(cron);
  const date = `*-${component(months, 12)}-${component(daysOfMonth, 31)}`;
  const time = `${repeated(hours, 24)}:${repeated(minutes, 60)}:00`;
  return [...weekdays(daysOfWeek), date, time, "UTC"].join(" ");
}

/** @param count how many values there are: all of them are `*` */
function component(values: readonly number[], count: number): string {
  if (values.length === count) return "*";
  const [first = 0] = values;
  const inARow = values.length > 2 && values.every((value, at) => value === first + at);
  return inARow ? `${padded(first)}..${padded(first + values.length - 1)}` : values.map(padded).join(",");
}

/**
 * As "00/15" where a step from 0 on comes out even. Any other is written out: systemd 252 looks for what comes after the 56th
 * minute of "00/7" in the 63rd, and goes on from the 3rd of the next hour, so that a slot on the hour is lost.
 */
function repeated(values: readonly number[], count: number): string {
  const [first = 0, step = 0] = values;
  const even = first === 0 && values.length > 2 && step > 1 && values.length * step === count;
  return even && values.every((value, at) => value === at * step) ? `00/${step}` : component(values, count);
}

function weekdays(days: readonly number[]): string[] {
  if (days.length === WEEKDAYS.length) return [];
  // systemd's week begins with Monday.
  const ordered = days.map((day) => (day + 6) % 7).sort((a, b) => a - b);
  const names = ordered.map((day) => nameOf((day + 1) % 7));
  const inARow = ordered.length > 2 && ordered.every((day, at) => day === (ordered[0] ?? 0) + at);
  return [inARow ? `${names[0]}..${names.at(-1)}` : names.join(",")];
}

function nameOf(day: number): string {
  const word = WEEKDAYS[day] ?? "";
  return `${word.charAt(0)}${word.slice(1).toLowerCase()}`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
