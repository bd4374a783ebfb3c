// The door to reading workplans: bytes in, a reading out. Pure, so that the same bytes always give the same reading,
// whether they came from a checkout, a git object or a test.
import { readSource } from "./read_source.ts";
import type { WorkplanReading } from "./types.ts";

/**
 * Reads one file of a `workplans/` folder. It never throws, runs nothing of what it reads, and takes no longer than
 * 100 ms whatever the bytes are.
 * @param path carried into the reading; it is not opened.
 */
export function parseWorkplan(path: string, bytes: Uint8Array): WorkplanReading {
  return readSource(path, bytes).reading;
}
