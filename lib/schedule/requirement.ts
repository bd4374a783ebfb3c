// What a scheduled run may require of the world, as its definition names it and its command is told; without it the run
// steps aside.

export const REQUIREMENTS = ["state-hub.health"] as const;
export type Requirement = (typeof REQUIREMENTS)[number];
