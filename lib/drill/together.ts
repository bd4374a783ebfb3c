// Work side by side of which all must come off: when one part fails the others are stopped and waited for, since a program that
// is still running would hold the folder that is about to be removed.

/**
 * @returns the results, in the order given
 * @throws the first failure, when every part has ended; the signal's reason when it was aborted
 */
export async function together<const Works extends readonly ((signal: AbortSignal) => Promise<unknown>)[]>(
  signal: AbortSignal,
  works: Works,
): Promise<{ -readonly [K in keyof Works]: Awaited<ReturnType<Works[K]>> }> {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    works.map(async (work) => {
      try {
        return await work(either);
      } catch (error) {
        first ??= { error };
        own.abort(error);
        return undefined;
      }
    }),
  );
  signal.throwIfAborted();
  if (first !== undefined) throw first.error;
  return results as never;
}

/** The same for a list of which at most `limit` are at work at once, begun in its order. */
export async function togetherAtMost<T>(
  { signal, limit }: { readonly signal: AbortSignal; readonly limit: number },
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async (signal: AbortSignal) => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      signal.throwIfAborted();
      await work(next.value, signal);
    }
  };
  await together(
    signal,
    Array.from({ length: Math.max(1, limit) }, () => lane),
  );
}
