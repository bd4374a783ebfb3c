// Requests that are answered, or fail: when nothing at all is answered for a while, or the connection goes, all that wait are
// told. ssh2 itself would wait for ever on a host whose line was cut without a word.
import { SftpFault, sftpFault } from "./sftp_fault.ts";

/** Sends one request; `done` is called with its answer. */
export type Ask<T> = (done: (error: unknown, value: T) => void) => void;

/** @throws SftpFault when it was refused, nothing was answered for `stalledAfterMs`, or the connection is gone */
export type Requests = <T>(ask: Ask<T>) => Promise<T>;

interface Watch {
  /** Aborted when there is nobody any more who could answer. */
  readonly lost: AbortSignal;
  /** Called after a stall. */
  readonly giveUp: () => void;
  readonly stalledAfterMs: number;
}

/** Every answer counts as life, whichever request it is of: a slow line with much in flight is no stall. */
export function watchedRequests(watch: Watch): Requests {
  const watched = new WatchedRequests(watch);
  return (ask) => watched.send(ask);
}

class WatchedRequests {
  readonly #watch: Watch;
  readonly #waiting = new Set<(fault: SftpFault) => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
    watch.lost.addEventListener("abort", () => this.#failAll(this.#cut()), { once: true });
  }

  send<T>(ask: Ask<T>): Promise<T> {
    if (this.#watch.lost.aborted) return Promise.reject(this.#cut());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    if (this.#waiting.size === 1) this.#restart();
    const answered = (end: () => void) => {
      this.#waiting.delete(reject);
      this.#restart();
      end();
    };
    try {
      ask((error, value) => answered(() => (error ? reject(sftpFault(error)) : resolve(value))));
    } catch (error) {
      answered(() => reject(sftpFault(error)));
    }
    return promise;
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#failAll(new SftpFault("stalled", `nothing came for ${this.#watch.stalledAfterMs / 1000} s`));
      this.#watch.giveUp();
    }, this.#watch.stalledAfterMs);
  }

  #failAll(fault: SftpFault): void {
    clearTimeout(this.#timer);
    for (const reject of this.#waiting) reject(fault);
    this.#waiting.clear();
  }

  #cut(): SftpFault {
    return new SftpFault("lost", "the connection was cut", this.#watch.lost.reason);
  }
}
