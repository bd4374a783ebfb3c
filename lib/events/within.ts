// A wait that is given up. Its timer ends with it: one that is left behind keeps a finished process alive.

/** @returns undefined when the work takes longer than `ms`; it goes on, and what it comes to is nobody's any more */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
