// What a chatty program said: each line as it comes, and the end of it all. Without the cap ten thousand tables of
// --verbose, or one endless line, fill the memory.
const KEPT_CHARACTERS = 64 * 1024;

export class LastWords {
  readonly #decoder = new TextDecoder();
  readonly #onLine: ((line: string) => void) | undefined;
  #kept = "";
  #line = "";

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  take(chunk: Uint8Array): void {
    this.#add(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The last 64 Ki characters. A line that was not ended is handed over now. */
  end(): string {
    this.#add(this.#decoder.decode());
    if (this.#line !== "") this.#onLine?.(this.#line);
    this.#line = "";
    return this.#kept;
  }

  #add(text: string): void {
    this.#kept = (this.#kept + text).slice(-KEPT_CHARACTERS);
    const lines = (this.#line + text).split("\n");
    this.#line = (lines.pop() ?? "").slice(0, KEPT_CHARACTERS);
    for (const line of lines) this.#onLine?.(line);
  }
}
