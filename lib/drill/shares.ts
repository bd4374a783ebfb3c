// How many sessions the dump and the fingerprint may each have on a live server, so that together they are never more than
// --jobs: its users have the rest. (pure)

export interface Shares {
  readonly dump: number;
  readonly fingerprint: number;
  /** With one job they take turns. */
  readonly atOnce: boolean;
  /** Idle share of the fingerprint, 0 to 0.9. */
  readonly pause: number;
}

/** With one job the operator asks for gentleness before speed. */
const PAUSE_OF_ONE = 0.5;

export function sharesOf(jobs: number): Shares {
  if (jobs <= 1) return { dump: 1, fingerprint: 1, atOnce: false, pause: PAUSE_OF_ONE };
  const fingerprint = Math.floor(jobs / 2);
  return { dump: jobs - fingerprint, fingerprint, atOnce: true, pause: 0 };
}
