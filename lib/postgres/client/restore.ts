// Restores what dump.ts made. The first error ends it, and an error that pg_restore would ignore is one: a copy that is
// nearly the original proves nothing.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gentle } from "../../process/gentle.ts";
import { pipeline } from "../../process/pipeline.ts";
import type { Secret } from "../../secret.ts";
import type { OnStep } from "../../work_step.ts";
import { clientFailed, clientFailure } from "./client_failure.ts";
import { type ClientPrograms, clientArgv } from "./client_programs.ts";
import { NOTICES_LOST_SERVER, restoreEnvironment } from "./libpq_environment.ts";
import { TellingLines } from "./telling_lines.ts";
import { readVerboseLine } from "./verbose_lines.ts";

/** Where to, by which programs. */
export interface RestoreTarget {
  readonly programs: ClientPrograms;
  /** Of the server's superuser, or of the owner of all that is restored: owners and rights are restored too. */
  readonly url: Secret;
  readonly env: Record<string, string>;
  readonly nice?: boolean;
  /** See restoreEnvironment(). */
  readonly silent?: boolean;
  /** The only thing that ends a restore early: hours in one index are no fault. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnStep;
}

/** pg_restore's --section. */
export type Section = "pre-data" | "data" | "post-data";

/** @throws OpsFailure naming the object and the server's error; what was restored by then is left. The signal's reason */
export async function restoreFolder(
  target: RestoreTarget,
  o: { readonly folder: string; readonly jobs: number },
): Promise<void> {
  const argv = [...restoreArgv(target), `--jobs=${o.jobs}`, o.folder];
  await restore(target, { stages: [argv], path: o.folder, ...sizesIn(o.folder) });
}

/** The definitions alone, without rows. @throws as restoreFolder */
export async function restoreFolderDefinitions(target: RestoreTarget, folder: string): Promise<void> {
  const argv = [...restoreArgv(target), "--schema-only", folder];
  await restore(target, { stages: [argv], path: folder, couldNot: "Could not restore the definitions" });
}

/** A part of dumpPart; without a section, all that is in it. @throws as restoreFolder */
export async function restorePart(
  target: RestoreTarget,
  o: {
    readonly file: string;
    /** argv of `age --decrypt ...` */
    readonly through?: readonly string[];
    readonly section?: Section;
  },
): Promise<void> {
  const argv = [...restoreArgv(target), ...(o.section === undefined ? [] : [`--section=${o.section}`])];
  const through = o.through === undefined ? [] : [gentle(o.through, target.nice ?? false)];
  await restore(target, { stages: [...through, argv], path: o.file, input: o.file });
}

function restoreArgv({ programs, nice }: RestoreTarget): string[] {
  const options = ["--exit-on-error", "--no-password", "--verbose", "--no-tablespaces"];
  return [...clientArgv(programs, "pg_restore", nice), ...options, `--dbname=${NOTICES_LOST_SERVER}`];
}

interface Restore {
  /** For a failure of another thing than the whole. */
  readonly couldNot?: string;
  readonly stages: readonly (readonly string[])[];
  readonly path: string;
  readonly input?: string;
  /** Bytes of the file of an entry, and of all. */
  readonly sizeOf?: (entry: number) => number;
  readonly of?: number;
}

async function restore(target: RestoreTarget, made: Restore): Promise<void> {
  const { url, env, silent, signal } = target;
  const { couldNot = "Could not restore the database", stages, path, input } = made;
  const telling = new TellingLines();
  const progress = progressOf(target, made);
  const onLine = (line: string) => {
    telling.take(line);
    progress(line);
  };
  const result = await pipeline(stages, {
    env: restoreEnvironment(url, env, silent),
    onLine,
    ...(input === undefined ? {} : { input, ...reading(input, target.onProgress) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!clientFailed(result, telling.text)) return;
  throw await clientFailure({
    couldNot,
    stages,
    result,
    text: telling.text,
    url,
    path,
    otherwise: "Mend it in the source, or where it is restored, then run the same command again",
  });
}

/** Of the lines of --verbose: the object, and the bytes of the entries that are done where their sizes are known. */
function progressOf({ onProgress }: RestoreTarget, { sizeOf, of }: Restore): (line: string) => void {
  let bytes = 0;
  return (line) => {
    const { at, finished } = readVerboseLine(line);
    if (at !== undefined) onProgress?.({ at });
    if (finished === undefined || sizeOf === undefined || of === undefined) return;
    bytes += sizeOf(finished);
    onProgress?.({ bytes, of });
  };
}

function reading(input: string, onProgress: RestoreTarget["onProgress"]) {
  if (onProgress === undefined) return {};
  const of = statSync(input, { throwIfNoEntry: false })?.size ?? 0;
  return { onRead: (bytes: number) => onProgress({ bytes, of }) };
}

/** The rows of an entry are in a file of its number: `3334.dat`, `3334.dat.gz`. */
function sizesIn(folder: string): { sizeOf: (entry: number) => number; of: number } {
  const sizes = new Map<number, number>();
  for (const name of readdirSync(folder)) {
    if (/^\d+\.dat/.test(name)) sizes.set(Number.parseInt(name, 10), statSync(join(folder, name)).size);
  }
  return { sizeOf: (entry) => sizes.get(entry) ?? 0, of: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}
