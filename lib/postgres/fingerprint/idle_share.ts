// Leaves a live server time of its own between two pieces of work.

/** Waits so long that `share` of the time since `started` and the wait together is idle. @throws the signal's reason */
export async function leaveIdle(share: number, started: number, signal?: AbortSignal): Promise<void> {
  if (share <= 0) return;
  const worked = performance.now() - started;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = () => reject(signal?.reason);
  const timer = setTimeout(resolve, (worked * share) / (1 - share));
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
