// What a service is given of its process: when to stop, and where to say what.
import type { LogRecord } from "./http/log_request.ts";

export interface ServiceIo {
  /** Aborted when it shall stop. */
  readonly signal: AbortSignal;
  progress(message: string): void;
  note(message: string): void;
  log(record: LogRecord): void;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
