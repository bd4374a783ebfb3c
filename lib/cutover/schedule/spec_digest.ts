// A CronJob's spec in one word, but for whether it is suspended: what a canary proved holds until this changes. (pure)

import { digestOf } from "../../canonical.ts";
import type { CronJobState } from "../../kubernetes/cluster.ts";

export function specDigest({ spec }: Pick<CronJobState, "spec">): string {
  const { suspend: _, ...rest } = spec;
  return digestOf(rest);
}
