// When a row whose file is gone may be marked orphaned. An outage, a bad merge or a renamed folder looks just like
// "everything was deleted"; tools that believed it wiped whole fleets. So: a second sighting, a limit a day, never all.
// (pure)

/** Sightings must be this far apart, by the database's clock. */
export const SECOND_SIGHTING_MS = 10 * 60 * 1000;
/** The limit counts what was orphaned in this window before. */
export const WINDOW_MS = 24 * 60 * 60 * 1000;

export interface Candidate {
  readonly id: string;
  /** ISO 8601; null until the first sighting is stored. */
  readonly missing_since: string | null;
  readonly orphaned_at: string | null;
}

export interface GuardVerdict<T> {
  /** Seen for the first time: only the sighting is stored. */
  readonly sighted: readonly T[];
  /** May be marked now. */
  readonly orphan: readonly T[];
  /** Would be marked, but a person must release them. */
  readonly held: readonly T[];
}

/**
 * @param missing rows without a file at a commit that was read whole, those already orphaned left out
 * @param all every row of the repo's workstreams, or of the workplan's tasks
 * @param now the database's clock, ISO 8601
 */
export function guardOrphans<T extends Candidate>(
  missing: readonly T[],
  all: readonly Candidate[],
  now: string,
): GuardVerdict<T> {
  const at = Date.parse(now);
  const sighted = missing.filter((row) => row.missing_since === null);
  const due = missing.filter(
    (row) => row.missing_since !== null && at - Date.parse(row.missing_since) >= SECOND_SIGHTING_MS,
  );
  const recent = all.filter((row) => row.orphaned_at !== null && at - Date.parse(row.orphaned_at) < WINDOW_MS).length;
  const living = all.filter((row) => row.orphaned_at === null).length;
  const limit = Math.max(3, Math.floor((living + recent) * 0.1));
  const tooMany = due.length + recent > limit || due.length >= living;
  return { sighted, orphan: tooMany ? [] : due, held: tooMany ? due : [] };
}
