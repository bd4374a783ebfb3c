// One question to whoever sits at the terminal. Without one there is nobody to ask, and a question would hang: the caller
// then names the flag that answers it.
import { createInterface } from "node:readline/promises";
import { printable } from "./printable.ts";

export interface Asker {
  /** Whether somebody can be asked at all. */
  readonly canAsk: boolean;
  /** @returns the answer; null when the input ended, at the deadline, or when the signal was aborted */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
}

/** Somebody who left the terminal does not hold what waits for the answer for ever. */
const ANSWER_MS = 15 * 60_000;

export function terminalAsker(): Asker {
  const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return { canAsk, ask: async (question, signal) => (canAsk ? answerTo(question, signal) : null) };
}

async function answerTo(question: string, signal: AbortSignal): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const ended = new AbortController();
  terminal.once("close", () => ended.abort());
  try {
    const until = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(ANSWER_MS)]);
    return (await terminal.question(`${printable(question)} `, { signal: until })).trim();
  } catch {
    return null;
  } finally {
    terminal.close();
    // What is still read holds the process.
    process.stdin.pause();
    process.stdin.unref();
  }
}
