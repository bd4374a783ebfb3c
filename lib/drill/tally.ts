// How far several pieces of work are together, since each knows of itself alone. (pure)
import type { OnStep, WorkStep } from "../work_step.ts";

/** Adds up what each piece reports of itself. */
export class Tally {
  readonly #onStep: OnStep;
  readonly #of: { readonly of?: number };
  #bytes = 0;

  /** @param of of all pieces, where that is known before */
  constructor(onStep: OnStep, of?: number) {
    this.#onStep = onStep;
    this.#of = of === undefined ? {} : { of };
  }

  /**
   * @param work is told how to report; its bytes count from its own beginning
   * @param bytesOf what it came to in the end: a small piece is done before it has reported anything
   */
  async add<T>(work: (onStep: OnStep) => Promise<T>, bytesOf: (result: T) => number): Promise<T> {
    let before = 0;
    const onStep = ({ at, bytes = before }: WorkStep) => {
      this.#bytes += bytes - before;
      before = bytes;
      this.#onStep({ bytes: this.#bytes, ...this.#of, ...(at === undefined ? {} : { at }) });
    };
    const result = await work(onStep);
    onStep({ bytes: bytesOf(result) });
    return result;
  }
}
