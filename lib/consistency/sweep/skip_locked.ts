// A run that finds the fleet's lock held steps aside, and says who has it. Once that is normal: two schedules overlap. The
// third time in a row, or when the holder has had twice its time, it is not, and nobody would notice a silence.
import type { Reader } from "../../db/handles.ts";
import { OpsFailure } from "../../failure.ts";
import { STATUS_COMMAND } from "../next_command.ts";
import type { Source } from "../report.ts";
import type { RunLedger } from "../run_ledger.ts";
import type { RunLocks } from "../run_locks.ts";

const SKIPS_IN_A_ROW = 3;
/** Of a holder without a budget of its own, seconds. */
const USUAL_BUDGET = 300;

/** Notes in the ledger that nothing was done, and why. */
export async function skipLocked(sql: Reader, locks: RunLocks, ledger: RunLedger, source: Source): Promise<void> {
  const { holder, lease } = await locks.fleetHolder();
  ledger.skipLocked(holder);
  const who =
    holder === null ? "another run" : `${holder.source} on ${holder.host}, pid ${holder.pid}, since ${holder.since}`;
  const limit = 2 * (lease?.maxSeconds ?? USUAL_BUDGET);
  if (lease !== null && !lease.released && lease.ageSeconds > limit) {
    ledger.fail(stuck(`${who} has had it for ${Math.round(lease.ageSeconds)} s, twice its budget is ${limit} s`), null);
  } else if ((await skippedBefore(sql, source)) >= SKIPS_IN_A_ROW - 1) {
    ledger.fail(
      stuck(`it was held by ${who}; this is at least the third run of ${source} in a row that found it so`),
      null,
    );
  }
}

function stuck(observed: string): OpsFailure {
  return new OpsFailure("Could not get the lock of the fleet", {
    observed,
    expected: "a sweep that ends in time",
    hint: STATUS_COMMAND,
  });
}

/** How many of the last sweeps of this source, one after the other until now, were refused the lock. */
async function skippedBefore(sql: Reader, source: Source): Promise<number> {
  const rows = await sql<{ skipped: boolean }[]>`
    select coalesce((detail->>'lock_skipped')::boolean, false) as skipped from progress_events
    where event_type = 'consistency_sweep_remote_all' and source = ${source}
    order by created_at desc, id desc limit ${SKIPS_IN_A_ROW - 1}`;
  const first = rows.findIndex(({ skipped }) => !skipped);
  return first === -1 ? rows.length : first;
}
