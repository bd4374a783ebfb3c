// Sleep that ends early when there is something to do, also when that came while nobody slept.

export interface Wake {
  /** Ends the sleep of now, or the next one. */
  ring(): void;
  /** Ends after `ms`, with a ring, or with the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function makeWake(): Wake {
  let rung = false;
  let awaken = () => {};
  return {
    ring: () => {
      rung = true;
      awaken();
    },
    sleep: async (ms, signal) => {
      if (!rung && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, ms);
        awaken = resolve;
        signal.addEventListener("abort", resolve as () => void, { once: true });
        await promise;
        clearTimeout(timer);
        signal.removeEventListener("abort", resolve as () => void);
      }
      rung = false;
    },
  };
}
