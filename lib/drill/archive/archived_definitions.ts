// The definitions that a dump holds, as facts keep them: by the dump itself, so that no later look at the source can say otherwise.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { archiveDefinitions } from "../../postgres/client/archive_text.ts";
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import { readDefinitions } from "../../postgres/definitions/read_definitions.ts";
import { definitionsToKeep, type Facts } from "../source/facts.ts";

interface ArchivedDefinitions {
  /** A dump's folder, or a file of it that is not encrypted. */
  readonly archive: string;
  readonly programs: ClientPrograms;
  readonly env: Record<string, string>;
  /** Of this run alone. The text lies in it, of mode 700, until it was read. */
  readonly workspace: string;
  readonly signal?: AbortSignal;
}

/** @throws OpsFailure (automation) when the archive cannot be read; the signal's reason */
export async function archivedDefinitions({ workspace, ...o }: ArchivedDefinitions): Promise<Facts["definitions"]> {
  const own = join(workspace, "source-definitions");
  mkdirSync(own, { mode: 0o700 });
  const output = join(own, "definitions.sql");
  try {
    await archiveDefinitions({ ...o, output });
    return definitionsToKeep(await readDefinitions(output));
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
