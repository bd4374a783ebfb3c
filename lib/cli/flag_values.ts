// From the text of a flag to its value. yargs' own numbers are not used: it reads "abc" as NaN and "0x10" as 16, and a
// budget of NaN seconds never ends.

import { type GuardContext, refusal } from "./argv_guard.ts";
import type { ArgumentValue, Flag, IntegerFlag } from "./flags.ts";

/** @throws OpsFailure (usage) when the text is no value of this flag, or a required one is missing */
export function flagValue(name: string, flag: Flag, text: unknown, context: GuardContext): ArgumentValue {
  if (flag.kind === "boolean") return typeof text === "boolean" ? text : flag.negatable ? undefined : false;
  if (typeof text !== "string") {
    if (flag.required) throw refusal(context, `--${name} is missing`, `--${name} ${flag.placeholder ?? "VALUE"}`);
    return flag.default;
  }
  if (flag.kind === "integer") return integerValue(name, flag, text, context);
  if (flag.kind === "choice" && !flag.choices.includes(text)) {
    throw refusal(context, `--${name} is "${text}"`, `one of ${flag.choices.join(", ")}`);
  }
  return text;
}

/** Decimal digits with an optional sign and nothing else, within the flag's range. */
function integerValue(name: string, flag: IntegerFlag, text: string, context: GuardContext): number {
  const min = flag.min ?? 0;
  const max = flag.max ?? Number.MAX_SAFE_INTEGER;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const range =
      max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number, ${min} to ${max}`;
    throw refusal(context, `--${name} is "${text}"`, range);
  }
  return value;
}
