// From what was found to the verdict. A difference is a failure whatever else went wrong; `passed` needs every comparison to have
// been made; all between the two is could_not_verify. (pure)
import type { Draft } from "./draft.ts";
import type { Verdict } from "./report.ts";

/** A verdict, why it is not `passed`, and what to do about it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly hint: string | null;
}

const SHOWN = 20;

/** @param draft what was found, however far the drill came */
export function judge(draft: Draft): Judgement {
  const wrong = [...draft.wrong, ...differing(draft)];
  if (wrong.length > 0) return { verdict: "failed", reasons: shortened([...wrong, ...unverified(draft)]), hint: null };
  const open = [...unverified(draft), ...leftOut(draft)];
  if (open.length === 0 && (draft.comparison === null || draft.hub === null)) open.push("not everything was compared");
  if (open.length === 0) return { verdict: "passed", reasons: [], hint: null };
  const hint = draft.unverified.find((each) => each.hint !== null)?.hint ?? null;
  return { verdict: "could_not_verify", reasons: shortened(open), hint };
}

function differing({ comparison, hub }: Draft): string[] {
  const tables = (comparison?.tables ?? []).filter(({ equal }) => !equal);
  return [
    ...tables.map(({ name, buckets_differing }) => `table ${name} differs${inBuckets(buckets_differing)}`),
    ...[...(comparison?.differences ?? []), ...(hub?.differences ?? [])].map(
      ({ kind, object, expected, actual }) => `${kind} ${object}: ${brief(actual)}, wanted ${brief(expected)}`,
    ),
  ];
}

function inBuckets(buckets: readonly number[]): string {
  if (buckets.length === 0) return "";
  const some = buckets.slice(0, 5).join(", ");
  return ` in ${buckets.length === 1 ? "bucket" : "buckets"} ${some}${buckets.length > 5 ? ` and ${buckets.length - 5} more` : ""}`;
}

function unverified({ unverified }: Draft): string[] {
  return unverified.map(({ reason }) => reason);
}

/** A comparison that never took place has its reason in `unverified`. */
function leftOut({ comparison }: Draft): string[] {
  return (comparison?.notCompared ?? [])
    .filter(({ may_pass }) => !may_pass)
    .map(({ what, reason }) => `${what} was not compared: ${reason}`);
}

function shortened(reasons: readonly string[]): string[] {
  const [shown, hidden] = [reasons.slice(0, SHOWN), reasons.length - SHOWN];
  return hidden > 0 ? [...shown, `${hidden} more`] : shown;
}

function brief(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 160)}...` : line;
}
