// What a scheduled run may require of the world; without it the run steps aside (commands/skipped_run.ts).

export const REQUIREMENTS = ["state-hub.health"] as const;
export type Requirement = (typeof REQUIREMENTS)[number];
