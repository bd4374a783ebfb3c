// Whether the copy is defined as its source is. PostgreSQL writes some expressions in another way once they were restored, so what
// differs is held a second time against the source's own definitions, restored into an empty database and read back. Those texts show
// what differs, too: of the source itself only digests are known.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { databaseDefinitions } from "../../postgres/client/dump.ts";
import { compareDefinitions } from "../../postgres/definitions/compare_definitions.ts";
import { withDifferingLines } from "../../postgres/definitions/differing_lines.ts";
import { readDefinitions } from "../../postgres/definitions/read_definitions.ts";
import type { Secret } from "../../secret.ts";
import type { Difference } from "../evidence/report.ts";
import { definitionsOf } from "../source/facts.ts";
import type { CompareTerms } from "./compare_terms.ts";

/** @returns what differs, by the first line of each definition where that may be shown */
export async function differingDefinitions(o: CompareTerms): Promise<Difference[]> {
  const own = mkdtempSync(join(o.folder, "definitions-"));
  try {
    const actual = await definitionsAt(o, o.target.url, join(own, "actual"));
    let expected: string | undefined;
    const differences = await compareDefinitions(definitionsOf(o.facts), await readDefinitions(actual), async () => {
      expected = await settledDefinitions(o, join(own, "settled"));
      return readDefinitions(expected);
    });
    return expected === undefined ? differences : await withDifferingLines(differences, { expected, actual });
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function settledDefinitions(o: CompareTerms, folder: string): Promise<string> {
  const scratch = await o.target.scratch();
  const { programs, terms, signal } = o;
  await o.archive.restoreDefinitions({ programs, url: scratch.url, env: terms.env, silent: true, signal });
  return definitionsAt(o, scratch.url, folder);
}

/** @returns the SQL file, in the folder, which is made */
function definitionsAt({ programs, terms, signal }: CompareTerms, url: Secret, folder: string): Promise<string> {
  const { env, lockWaitMs } = terms;
  mkdirSync(folder, { mode: 0o700 });
  return databaseDefinitions({ programs, url, env, lockWaitMs, signal }, { folder });
}
