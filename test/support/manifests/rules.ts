// What is asked of the manifests beyond their schemas: the list of it, and one look through all.

import type { Rule, World } from "./rule.ts";
import { CRON_JOB_RULES } from "./rules/cron_jobs.ts";
import { DATABASE_RULES } from "./rules/database.ts";
import { NETWORK_RULES } from "./rules/network.ts";
import { POD_RULES } from "./rules/pods.ts";
import { REFERENCE_RULES } from "./rules/references.ts";

export const RULES: readonly Rule[] = [
  ...CRON_JOB_RULES,
  ...POD_RULES,
  ...REFERENCE_RULES,
  ...NETWORK_RULES,
  ...DATABASE_RULES,
];

/** "cronjob-utc: CronJob/x: timeZone is ..."; the empty list for manifests that keep to all. */
export function breaches(world: World): string[] {
  return RULES.flatMap(({ id, look }) => look(world).map((says) => `${id}: ${says}`));
}
