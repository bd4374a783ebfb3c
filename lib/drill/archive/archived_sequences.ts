// What the dump itself says of each sequence. While others draw numbers, only this tells a copy that is one off from a dump that was
// taken a moment later than the last look at the live server.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import { pipeline } from "../../process/pipeline.ts";
import { type ArchivedSequence, sequenceKey } from "./archive.ts";

interface ArchivedSequencesTerms {
  readonly archives: readonly { readonly file: string; readonly through?: readonly string[] }[];
  readonly programs: ClientPrograms;
  readonly env: Record<string, string>;
  readonly workspace: string;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (automation) when an archive cannot be read */
export async function archivedSequences(terms: ArchivedSequencesTerms): Promise<Map<string, ArchivedSequence>> {
  const found = new Map<string, ArchivedSequence>();
  const own = mkdtempSync(join(terms.workspace, "sequences-"));
  for (const [index, archive] of terms.archives.entries()) {
    const list = join(own, `${index}.list`);
    const contents = await restoreInto({ ...terms, archive, flags: ["--list"] }, `${list}.all`);
    const sets = contents.split("\n").filter((line) => /^\d+; \d+ \d+ SEQUENCE SET /.test(line));
    if (sets.length === 0) continue;
    await Bun.write(list, `${sets.join("\n")}\n`);
    const text = await restoreInto({ ...terms, archive, flags: [`--use-list=${list}`, "--file=-"] }, `${list}.sql`);
    for (const [name, state] of setsIn(text)) found.set(name, state);
  }
  return found;
}

/** pg_restore spells each as `SELECT pg_catalog.setval('public.tasks_id_seq', 41, true);`. */
export function setsIn(text: string): [string, ArchivedSequence][] {
  const line = /^SELECT pg_catalog\.setval\('((?:[^']|'')+)', (-?\d+), (true|false)\);$/gm;
  return [...text.matchAll(line)].map(([, name = "", lastValue = "", isCalled]) => [
    sequenceKey(name.replaceAll("''", "'")),
    { lastValue, isCalled: isCalled === "true" },
  ]);
}

interface Reading extends Omit<ArchivedSequencesTerms, "archives"> {
  readonly archive: ArchivedSequencesTerms["archives"][number];
  readonly flags: readonly string[];
}

async function restoreInto({ archive, flags, programs, env, signal }: Reading, output: string): Promise<string> {
  const program = [join(programs.directory, "pg_restore"), ...flags];
  const { exitCodes, stderr } =
    archive.through === undefined
      ? await pipeline([[...program, archive.file]], { env, output, signal })
      : await pipeline([archive.through, program], { env, input: archive.file, output, signal });
  // What decrypts is cut off when pg_restore has read enough; the bytes were verified before.
  if (exitCodes.at(-1) === 0) return Bun.file(output).text();
  throw new OpsFailure("Could not read the sequences of the archive", {
    observed: stderr.trim().split("\n").at(-1) ?? "",
    where: archive.file,
  });
}
