// Where a move keeps what outlives it, below STATE_HUB_HOME: plans, its journal, the units that were taken away. (pure)
import { join } from "node:path";

export function journalPath(home: string): string {
  return join(home, "cutover", "schedule-journal.jsonl");
}

/** @param madeAt ISO 8601 */
export function planPath(home: string, act: string, madeAt: string): string {
  return join(home, "cutover", `schedule-${act}-${stamp(madeAt)}.json`);
}

export function archivePath(home: string, madeAt: string): string {
  return join(home, "archive", "systemd", stamp(madeAt));
}

/** "20261121T113459.123Z" */
function stamp(madeAt: string): string {
  return madeAt.replace(/[-:]/g, "");
}
