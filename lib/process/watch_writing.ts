// Looks once a second how much has been written, for whoever shows it, and notices when nothing is written and nothing
// said any more: a server that is frozen, or a store that hangs, would hold a run up for ever.

export interface WatchWriting {
  readonly stalledAfterMs?: number;
  readonly stalled: (seconds: number) => void;
  readonly onBytes?: (bytes: number) => void;
}

const LOOK_EVERY_MS = 1_000;
/** Looking may take this share of the time: a folder of ten thousand files on a slow disk is not asked all the time. */
const SHARE = 0.05;

export function watchWriting(written: () => Promise<number>, watch: WatchWriting) {
  if (watch.stalledAfterMs === undefined && watch.onBytes === undefined) return { heard: () => {}, stop: () => {} };
  const allowedMs = watch.stalledAfterMs ?? Number.POSITIVE_INFINITY;
  const everyMs = Math.min(LOOK_EVERY_MS, allowedMs / 4);
  let [last, bytes, stopped] = [performance.now(), 0, false];
  let timer: ReturnType<typeof setTimeout>;
  const look = async () => {
    const started = performance.now();
    // What cannot be looked at (just removed) has not grown.
    const now = await written().catch(() => bytes);
    if (stopped) return;
    if (now !== bytes) {
      [last, bytes] = [performance.now(), now];
      watch.onBytes?.(now);
    }
    const silentMs = performance.now() - last;
    if (silentMs >= allowedMs) return watch.stalled(Math.round(silentMs / 100) / 10);
    timer = setTimeout(look, Math.max(everyMs, (performance.now() - started) / SHARE));
  };
  timer = setTimeout(look, everyMs);
  return {
    heard: () => {
      last = performance.now();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
