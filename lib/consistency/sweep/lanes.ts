// Many remotes at once, but not all of them and not all on one host: a server that is asked by a hundred at the same time
// drops connections, and repositories that always fail must not take every lane.

export interface Lanes<T> {
  readonly atOnce: number;
  /** Items of one group share a limit of their own. */
  readonly groupOf: (item: T) => string;
  readonly atOnceIn: (group: string) => number;
}

interface Queue<T> {
  readonly waiting: { readonly item: T; readonly rank: number }[];
  readonly limit: number;
  running: number;
}

/**
 * Runs `work` over `items`, the earliest first whose group has a lane free. Resolves when all are done; the first error
 * stops new work, lets running work end, and is then thrown.
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: Lanes<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queues = queuesOf(items, lanes);
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  const begin = (): boolean => {
    const queue = failed === undefined ? nextQueue(queues) : undefined;
    const next = queue?.waiting.shift();
    if (queue === undefined || next === undefined) return false;
    queue.running++;
    const done = work(next.item)
      .catch((error: unknown) => {
        failed ??= { error };
      })
      .finally(() => {
        queue.running--;
        running.delete(done);
      });
    running.add(done);
    return true;
  };
  for (;;) {
    while (running.size < Math.max(1, lanes.atOnce) && begin());
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failed !== undefined) throw failed.error;
}

function queuesOf<T>(items: readonly T[], { groupOf, atOnceIn }: Lanes<T>): Queue<T>[] {
  const groups = Map.groupBy(
    items.map((item, rank) => ({ item, rank })),
    ({ item }) => groupOf(item),
  );
  return [...groups].map(([group, waiting]) => ({ waiting, limit: Math.max(1, atOnceIn(group)), running: 0 }));
}

function nextQueue<T>(queues: readonly Queue<T>[]): Queue<T> | undefined {
  const free = queues.filter(({ waiting, limit, running }) => waiting.length > 0 && running < limit);
  return free.reduce<Queue<T> | undefined>(
    (first, each) =>
      (first?.waiting[0]?.rank ?? Number.POSITIVE_INFINITY) <= (each.waiting[0]?.rank ?? 0) ? first : each,
    undefined,
  );
}
