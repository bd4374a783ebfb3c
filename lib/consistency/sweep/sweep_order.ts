// Which repositories a sweep takes first, so that none starves. The healthy ones go round: whoever was checked goes behind
// all others, so each comes up within N / k sweeps of k of them. Those that failed last are a queue of their own with a
// small share: fifty that always fail do not hold up the healthy, and one that failed by chance still gets its turn. (pure)
import { hasAnswered, isWaiting, type RepoState } from "./back_off.ts";

export interface SweepOrder<T> {
  /** The oldest successful check first, one that never had any before all; then the oldest try, then the slug. */
  readonly healthy: readonly T[];
  /** Could not be checked last time, and are due again: the oldest try first, so that they go round among themselves. */
  readonly failing: readonly T[];
  /** Could not be checked last time and are passed over, the next to be due first. */
  readonly waiting: readonly T[];
}

/**
 * @param stateOf null for one that was never tried
 * @param asking the database's clock, and whether a person asks: then nothing waits
 */
export function orderForSweep<T extends { readonly slug: string }>(
  repos: readonly T[],
  stateOf: (repo: T) => RepoState | null,
  asking: { readonly now: string; readonly manual: boolean },
): SweepOrder<T> {
  const ranked = repos.map((repo) => ({ repo, ...ranksOf(stateOf(repo), asking) }));
  const queue = (kind: Kind, ...by: readonly Rank[]) =>
    ranked
      .filter((each) => each.kind === kind)
      .sort((left, right) => compare(left, right, by))
      .map(({ repo }) => repo);
  return {
    healthy: queue("healthy", "ok", "tried"),
    failing: queue("failing", "tried", "ok"),
    waiting: queue("waiting", "retry"),
  };
}

/** Every so many places one belongs to the failing, while there are any. */
const FAILING_EVERY = 4;

/** Healthy and failing as one list: where a budget ends too early, it ends for both in their turn. */
export function inTurn<T>({ healthy, failing }: SweepOrder<T>): { readonly repo: T; readonly isFailing: boolean }[] {
  const places: { repo: T; isFailing: boolean }[] = [];
  for (let [h, f] = [0, 0]; h < healthy.length || f < failing.length; ) {
    const isFailing =
      h >= healthy.length || (f < failing.length && places.length % FAILING_EVERY === FAILING_EVERY - 1);
    places.push({ repo: (isFailing ? failing[f++] : healthy[h++]) as T, isFailing });
  }
  return places;
}

type Kind = keyof SweepOrder<unknown>;
type Rank = "ok" | "tried" | "retry";

function ranksOf(state: RepoState | null, asking: { now: string; manual: boolean }) {
  const ranks = {
    ok: momentBefore(asking.now, state?.ok_at),
    tried: momentBefore(asking.now, state?.tried_at),
    retry: momentOf(state?.retry_at),
  };
  const healthy = (state?.failures ?? 0) === 0 || hasAnswered(state);
  const kind: Kind = healthy ? "healthy" : isWaiting(state, asking) ? "waiting" : "failing";
  return { kind, ...ranks };
}

/** One that lies ahead was noted before the clock was set back: unknown, or it would be the newest until the clock is there. */
function momentBefore(now: string, iso: string | null | undefined): number {
  const moment = momentOf(iso);
  return moment > Date.parse(now) ? 0 : moment;
}

/** Never is before every moment. */
function momentOf(iso: string | null | undefined): number {
  return iso ? Date.parse(iso) : 0;
}

interface Ranked extends Record<Rank, number> {
  readonly repo: { readonly slug: string };
}

function compare(left: Ranked, right: Ranked, by: readonly Rank[]): number {
  const differing = by.find((rank) => left[rank] !== right[rank]);
  if (differing !== undefined) return left[differing] - right[differing];
  return left.repo.slug < right.repo.slug ? -1 : 1;
}
