// Between the rehearsal of a plan and the run that writes: a rehearsal that could not be finished has proven nothing.
import { OpsFailure } from "../../failure.ts";
import type { FleetResult, RunLedger } from "../run_ledger.ts";

/**
 * @param ledger of the run that writes: it tells who has the lock
 * @throws OpsFailure when the rehearsal was refused the lock or failed
 */
export function requireRehearsal({ report, hint }: FleetResult, ledger: RunLedger): void {
  const { lock_skipped, lock_holder, automation_error } = report;
  if (lock_skipped) {
    ledger.lockSkipped = true;
    ledger.lockHolder = lock_holder;
    const who =
      lock_holder === null
        ? "another run"
        : `a run of ${lock_holder.source} on ${lock_holder.host}, pid ${lock_holder.pid},`;
    throw new OpsFailure("Could not apply the plan", {
      observed: `${who} has the lock`,
      hint: "Run the same command again when that run has ended",
    });
  }
  if (automation_error === null) return;
  const detail = hint === null ? {} : { hint };
  throw new OpsFailure("Could not apply the plan", { observed: automation_error.message, ...detail });
}
