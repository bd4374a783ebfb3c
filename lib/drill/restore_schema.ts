// The definitions of a dump's folder alone, into an empty database: to be read back, so that what PostgreSQL writes in another way
// once it was restored is not taken for a difference.
import { clientFailed, clientFailure } from "../postgres/client_failure.ts";
import { clientArgv } from "../postgres/client_programs.ts";
import { NOTICES_LOST_SERVER, restoreEnvironment } from "../postgres/libpq_environment.ts";
import type { RestoreTarget } from "../postgres/restore.ts";
import { TellingLines } from "../postgres/telling_lines.ts";
import { pipeline } from "../process/pipeline.ts";

const OPTIONS = ["--schema-only", "--exit-on-error", "--no-password", "--verbose", "--no-tablespaces"];

/** @throws OpsFailure (automation) at the first error; the signal's reason */
export async function restoreSchema(
  { programs, url, env, silent, signal }: RestoreTarget,
  folder: string,
): Promise<void> {
  const stages = [[...clientArgv(programs, "pg_restore"), ...OPTIONS, `--dbname=${NOTICES_LOST_SERVER}`, folder]];
  const telling = new TellingLines();
  const result = await pipeline(stages, {
    env: restoreEnvironment(url, env, silent),
    onLine: (line) => telling.take(line),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!clientFailed(result, telling.text)) return;
  const couldNot = "Could not restore the definitions";
  throw await clientFailure({ couldNot, stages, result, text: telling.text, url, path: folder });
}
