// Where a run stands, how long each part of it took, and a sign of life while it works: a restore of an hour that says nothing
// looks like one that hangs.
import type { OnStep, WorkStep } from "../work_step.ts";
import type { OnProgress, Stage } from "./evidence/report.ts";

/** The programs report more often; what reports nothing, such as the making of an index, is shown by its seconds. */
const SIGN_OF_LIFE_MS = 10_000;

/** A run's clock and its voice. */
export class Stages {
  readonly #onProgress: OnProgress;
  readonly #done: Stage[] = [];
  readonly #running = new Map<string, { readonly since: number; last: WorkStep }>();
  readonly #failedIn = new WeakMap<object, string>();

  constructor(onProgress: OnProgress) {
    this.#onProgress = onProgress;
  }

  /** In the order in which they ended. */
  get done(): readonly Stage[] {
    return [...this.#done];
  }

  /** The stage that an error comes from, also where others failed beside it. */
  failedIn(error: unknown): string | null {
    return this.#failedIn.get(Object(error)) ?? null;
  }

  /**
   * @param name "Dumping": completes itself for a reader
   * @param bytesOf what the result says of the bytes that were handled; else those that were reported last
   */
  async run<T>(
    name: string,
    work: (onProgress: OnStep) => Promise<T>,
    bytesOf?: (result: T) => number | null,
  ): Promise<T> {
    const entry: { readonly since: number; last: WorkStep } = { since: performance.now(), last: {} };
    this.#running.set(name, entry);
    const show = (step: WorkStep) => {
      entry.last = { ...entry.last, ...step };
      this.#show(name, entry.last);
    };
    this.#show(name, {});
    const alive = setInterval(() => this.#show(name, this.#withSeconds(entry)), SIGN_OF_LIFE_MS);
    alive.unref();
    try {
      const result = await work(show);
      const bytes = bytesOf === undefined ? (entry.last.bytes ?? null) : bytesOf(result);
      this.#done.push({ name, ms: Math.round(performance.now() - entry.since), bytes });
      return result;
    } catch (error) {
      // What stops the stages beside it is thrown there once more.
      if (!this.#failedIn.has(Object(error))) this.#failedIn.set(Object(error), name);
      throw error;
    } finally {
      this.#running.delete(name);
      clearInterval(alive);
    }
  }

  /** The stages that are at work make the phase, so that a log has one line for each change and not for each step. */
  #show(name: string, step: WorkStep): void {
    const stage = [...this.#running.keys()].join(", ");
    this.#onProgress({ ...step, stage, ...(this.#running.size > 1 ? { at: withName(name, step) } : {}) });
  }

  #withSeconds({ since, last }: { readonly since: number; readonly last: WorkStep }): WorkStep {
    const seconds = `${Math.round((performance.now() - since) / 1000)} s`;
    return { ...last, at: last.at === undefined ? seconds : `${last.at}, ${seconds}` };
  }
}

function withName(name: string, { at }: WorkStep): string {
  return at === undefined ? name : `${name}: ${at}`;
}
