// A CronJob's spec in one word, but for whether it is suspended: what a canary proved holds until this changes. (pure)
import type { CronJobState } from "../../kubernetes/cluster.ts";
import { digestOf } from "../../plan/digest.ts";

export function specDigest({ spec }: Pick<CronJobState, "spec">): string {
  const { suspend: _, ...rest } = spec;
  return digestOf(rest);
}
