// What is said when a store does not do what it was asked: which store, which part, and what to look at next.
import { OpsFailure } from "../../failure.ts";

interface StoreTrouble {
  /** As it may be printed. */
  readonly target: string;
  /** `FOLDER/NAME`, where it is about one. */
  readonly path?: string;
  readonly observed: string;
  readonly expected?: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/** @param couldNot "Could not write to the store" */
export function storeFailure(couldNot: string, o: StoreTrouble): OpsFailure {
  return new OpsFailure(couldNot, {
    observed: o.path === undefined ? o.observed : `${o.path}: ${o.observed}`,
    where: o.target,
    hint: o.hint,
    ...(o.expected === undefined ? {} : { expected: o.expected }),
    ...(o.cause === undefined ? {} : { cause: o.cause }),
  });
}

/** Bytes as a person reads them. */
export function roomInWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes} bytes are free` : `${Math.floor(bytes / 1024 / 1024)} MB are free`;
}
