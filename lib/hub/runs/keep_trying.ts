// What a run came to must reach its row, also when the database was away at that moment: the work is done, and only this
// process knows how it ended.
import { databaseFailure, errorCode } from "../../db/database_failure.ts";
import { describeFailure } from "../../failure.ts";

const RETRY_MS = { first: 200, longest: 2_000 };

/**
 * Writes until it is written, or the signal is aborted.
 * @param onTrouble told once, in words, when the first try failed
 * @returns whether it was written
 * @throws what the database refused for good, such as a value that it cannot store
 */
export async function keepTrying(
  write: () => Promise<unknown>,
  { signal, onTrouble }: { readonly signal: AbortSignal; readonly onTrouble: (words: string) => void },
): Promise<boolean> {
  for (let waitMs = RETRY_MS.first; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MS.longest)) {
    try {
      await write();
      return true;
    } catch (error) {
      // SQLSTATE classes data exception, constraint violation, program limit (PostgreSQL, appendix A).
      if (/^(22|23|54)/.test(errorCode(error))) throw error;
      if (waitMs === RETRY_MS.first) onTrouble(describeFailure(databaseFailure("Could not store it yet", error)));
    }
    await Bun.sleep(waitMs);
  }
  return false;
}
