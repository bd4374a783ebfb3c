// The definitions that an archive holds, as SQL: what the restored database's own definitions are compared with.
import { pipeline } from "../../process/pipeline.ts";
import { clientFailed, clientFailure } from "./client_failure.ts";
import { type ClientPrograms, clientArgv } from "./client_programs.ts";
import { TellingLines } from "./telling_lines.ts";

interface ArchiveDefinitions {
  readonly programs: ClientPrograms;
  readonly env: Record<string, string>;
  /** A folder or a file of dump.ts. */
  readonly archive: string;
  /** The SQL file to write. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/** As `pg_dump --schema-only` has them: no rows and no large objects, but a REFRESH stays. @throws OpsFailure; the signal's reason */
export async function archiveDefinitions({
  programs,
  env,
  archive,
  output,
  signal,
}: ArchiveDefinitions): Promise<void> {
  const stages = [[...clientArgv(programs, "pg_restore"), "--schema-only", `--file=${output}`, archive]];
  const telling = new TellingLines();
  const result = await pipeline(stages, {
    env: { ...env, LC_ALL: "C" },
    onLine: (line) => telling.take(line),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!clientFailed(result, telling.text)) return;
  const couldNot = "Could not read the definitions of the archive";
  throw await clientFailure({ couldNot, stages, result, text: telling.text, url: null, path: archive });
}
