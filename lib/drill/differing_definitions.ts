// Whether the copy is defined as its source is. PostgreSQL writes some expressions in another way once they were restored, so what
// differs is held a second time against the source's own definitions, restored into an empty database and read back.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compareDefinitions } from "../postgres/definitions/compare_definitions.ts";
import { type Definitions, readDefinitions } from "../postgres/definitions/read_definitions.ts";
import { databaseDefinitions } from "../postgres/dump.ts";
import type { Secret } from "../secret.ts";
import type { CompareTerms } from "./compare_copy.ts";
import { definitionsOf } from "./facts.ts";
import type { Difference } from "./report.ts";

export async function differingDefinitions(o: CompareTerms): Promise<Difference[]> {
  const actual = await definitionsAt(o, o.target.url);
  return compareDefinitions(definitionsOf(o.facts), actual, async () => {
    const scratch = await o.target.scratch();
    const { programs, terms, signal } = o;
    await o.archive.restoreDefinitions({ programs, url: scratch.url, env: terms.env, silent: true, signal });
    return definitionsAt(o, scratch.url);
  });
}

async function definitionsAt({ programs, terms, folder, signal }: CompareTerms, url: Secret): Promise<Definitions> {
  const own = mkdtempSync(join(folder, "definitions-"));
  const { env, lockWaitMs } = terms;
  try {
    const file = await databaseDefinitions({ programs, url, env, lockWaitMs, signal }, { folder: own });
    return await readDefinitions(file);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
