// Waits for something, but not for ever, and leaves no timer behind: one that is left holds a process that wants to end.

/** @returns what it came to, or `otherwise` when that takes longer than `ms`; then nobody hears of it any more */
export async function within<T, O>(work: Promise<T>, ms: number, otherwise: O): Promise<T | O> {
  const { promise: late, resolve } = Promise.withResolvers<O>();
  const timer = setTimeout(() => resolve(otherwise), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
