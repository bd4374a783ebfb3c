// Writes the files that follow from the definitions, each of them whole or not at all. What they say already is not touched:
// a unit that was written again would have to be loaded again.
import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { writeWhole } from "../whole_file.ts";
import { differenceOf } from "./compare_files.ts";
import type { Difference } from "./difference.ts";
import type { Definitions } from "./read_definitions.ts";
import { type RenderedFile, renderedFiles } from "./rendered_files.ts";

export interface RenderedRow {
  readonly path: string;
  /** The definition's id. */
  readonly definition: string;
  /** `written` also of a dry run, which would. */
  readonly did: "written" | "same";
  /** What stood there before; null where it said the same. */
  readonly difference: Difference | null;
}

/** Units and manifests hold no secret, and the service manager or another account has to read them. */
const MODE = 0o644;

/** @throws OpsFailure when a file can't be read or written; those before it are written then */
export function renderDefinitions(root: string, { definitions }: Definitions, dryRun: boolean): RenderedRow[] {
  return definitions.flatMap(renderedFiles).map((file) => {
    const difference = differenceOf(root, file);
    if (difference !== null && !dryRun) write(root, file);
    const { path, definition } = file;
    return { path, definition, did: difference === null ? "same" : "written", difference };
  });
}

function write(root: string, { path, text }: RenderedFile): void {
  const target = join(root, path);
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeWhole(target, text);
    chmodSync(target, MODE);
  } catch (cause) {
    const hint = `ls -ld ${shellQuoted(dirname(target))}`;
    throw new OpsFailure("Could not write a rendered file", { where: target, hint, cause });
  }
}
