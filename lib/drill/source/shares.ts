// How many sessions the dump and the fingerprint may each have on a live server, so that together they are never more than
// --jobs: its users have the rest. (pure)

export interface Shares {
  readonly dump: number;
  readonly fingerprint: number;
  /** Else they take turns: first the dump. */
  readonly atOnce: boolean;
  /** Idle share of the fingerprint, 0 to 0.9. */
  readonly pause: number;
}

/**
 * With one job the operator asks for gentleness before speed: half of one processor of the live server. More pause also holds the
 * snapshot longer, and dead rows that no vacuum may take away meanwhile slow others down too (`npm run bench -- drill-live`).
 */
const PAUSE_OF_ONE = 0.5;

/**
 * @param dumpFirst a restore waits for the dump: the fingerprint is then read beside the restore, which on a small machine is the
 * longer of the two and keeps a processor for itself
 */
export function sharesOf(jobs: number, { dumpFirst }: { readonly dumpFirst: boolean }): Shares {
  if (jobs <= 1) return { dump: 1, fingerprint: 1, atOnce: false, pause: PAUSE_OF_ONE };
  if (dumpFirst) return { dump: jobs, fingerprint: jobs - 1, atOnce: false, pause: 0 };
  const fingerprint = Math.floor(jobs / 2);
  return { dump: jobs - fingerprint, fingerprint, atOnce: true, pause: 0 };
}
