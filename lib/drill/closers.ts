// What a run has opened and must take away again, whatever happens: the last opened first, each one even if another failed.

/** A run's own list of what to close. */
export class Closers {
  readonly #open: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#open.push(close);
  }

  /** @returns what could not be taken away; a second call has nothing left to do */
  async closeAll(): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    for (let close = this.#open.pop(); close !== undefined; close = this.#open.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
