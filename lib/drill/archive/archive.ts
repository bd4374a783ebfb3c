// What a copy is restored from, wherever it lies: a dump's folder, or the parts of a stored backup.
import type { RestoreTarget } from "../../postgres/client/restore.ts";
import type { OnStep } from "../../work_step.ts";

/** A sequence as the dump sets it. */
export interface ArchivedSequence {
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** A dump that pg_restore reads, and what can be had of it. */
export interface Archive {
  /** Of the pg_dump that wrote it: an older pg_restore cannot read it. */
  readonly major: number;
  /** All of it, stopping at the first error. */
  restore(target: RestoreTarget, onProgress: OnStep): Promise<void>;
  /** The definitions alone, into a database of its own. */
  restoreDefinitions(target: RestoreTarget): Promise<void>;
  /** By `schema.name` as `sequenceKey` has it. */
  sequences(signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedSequence>>;
}

/** `public."Odd"` as `"public"."Odd"`: two programs may differ in which names they quote. */
export function sequenceKey(name: string): string {
  const parts = [...name.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)];
  return parts.map(([, quoted, bare]) => `"${quoted ?? bare}"`).join(".");
}
