// The budget of a cleanup: each statement gets what is left of it, so that the server itself gives up in time and says so. One
// that waits for somebody's lock would else be killed from outside, and leave nothing to read.
import type { Transaction } from "../db/handles.ts";
import { OpsFailure } from "../failure.ts";

/**
 * @param endBy by performance.now(); null: no limit but the database's own
 * @throws OpsFailure (automation) when the time is up: the transaction is undone with it
 */
export async function limitToTimeLeft(tx: Transaction, endBy: number | null): Promise<void> {
  if (endBy === null) return;
  const leftMs = Math.floor(endBy - performance.now());
  if (leftMs < 1)
    throw new OpsFailure("Could not clean up in time", {
      observed: "the budget is used up, and nothing was changed",
      expected: "a longer --max-seconds",
      hint: "scripts/cleanup_stale_tasks.ts",
    });
  // Never longer than the database's own limit for a statement.
  await tx`
    select set_config('statement_timeout', least(${leftMs}::int, nullif(setting::int, 0))::text, true)
    from pg_settings where name = 'statement_timeout'`;
}
