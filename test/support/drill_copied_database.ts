// A restored copy of a database with everything, and what can be wrong with it: for tests that change one thing in it at a time,
// between the restore and the comparison.

import { proveCopy, type RestoredCopy } from "../../lib/drill/copy/prove_copy.ts";
import { judge } from "../../lib/drill/evidence/judge.ts";
import { restoreLive } from "../../lib/drill/live_drill.ts";
import { Secret } from "../../lib/secret.ts";
import { type AnyDatabase, anyDatabase } from "./drill_any_database.ts";
import type { Change } from "./drill_changes.ts";
import { drillRun } from "./drill_run.ts";

export interface CopiedDatabase {
  readonly source: AnyDatabase;
  readonly copy: RestoredCopy;
  /** What a drill says of the copy as it is now. */
  verdict(): Promise<Awaited<ReturnType<typeof verdictOn>>>;
  /** The same with the change in it; then it is taken back. */
  verdictWith(change: Change): Promise<Awaited<ReturnType<typeof verdictOn>>>;
  /** The name of a role as it is in this run. */
  ofThisRun(text: string): string;
  end(): Promise<void>;
}

/** On a server of its own, which has the source's roles and settings. */
export async function copiedDatabase(): Promise<CopiedDatabase> {
  const source = await anyDatabase();
  const run = drillRun(null);
  const restored = await restoreLive(run, async () => new Secret(source.url));
  const ofThisRun = (text: string) => text.replaceAll("_ID", `_${source.id}`);
  const verdict = () => verdictOn(run, restored);
  return {
    source,
    copy: restored.copy,
    verdict,
    verdictWith: async ({ change, back }) => {
      const { query } = restored.copy.target;
      await query(ofThisRun(change));
      try {
        return await verdict();
      } finally {
        await query(ofThisRun(back));
      }
    },
    ofThisRun,
    end: run.end,
  };
}

async function verdictOn(run: ReturnType<typeof drillRun>, { facts, copy }: Awaited<ReturnType<typeof restoreLive>>) {
  const again = { ...run, draft: { ...run.draft, wrong: [], unverified: [] } };
  await proveCopy(again, facts, copy, run.terms.signal);
  return { ...judge(again.draft), comparison: again.draft.comparison };
}
