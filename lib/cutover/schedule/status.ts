// Who owns the sweep's schedule, and what is not as it should be with it: the one answer that status shows, gates go by and
// steps prove themselves with.
import { findingsOf } from "./findings.ts";
import { ownersIn } from "./owners.ts";
import { lookAround, type Seen, saidBy } from "./seen.ts";
import type { OwnedBy, ScheduleFinding, ScheduleStatus, ScheduleVerdict } from "./sight.ts";
import { verdictOf } from "./verdict.ts";
import { PARALLEL_SINCE, type ScheduleWorld } from "./world.ts";

/**
 * Asks everything that could start the sweep, and changes nothing.
 * @param ownedBy whose it should be by the journal of the move; null: it says nothing
 * @throws only what is no OpsFailure: what could not be asked is told
 */
export async function lookAtSchedule(world: ScheduleWorld, ownedBy: OwnedBy | null = null): Promise<ScheduleStatus> {
  return statusOf(await lookAround(world), world, ownedBy);
}

function statusOf(seen: Seen, world: ScheduleWorld, ownedBy: OwnedBy | null): ScheduleStatus {
  const owners = ownersIn(seen, world);
  const mark = saidBy(seen.cronJob)?.annotations[PARALLEL_SINCE] ?? null;
  const verdict = verdictOf(owners, mark);
  const parallelSince = verdict === "parallel" ? mark : null;
  const findings = findingsOf({ world, seen, owners, verdict, parallelSince, ownedBy });
  return { verdict, parallelSince, owners, findings, exitCode: exitCodeOf(verdict, findings) };
}

const ONE_OWNER: ReadonlySet<ScheduleVerdict> = new Set(["timer", "cronjob", "parallel"]);

function exitCodeOf(verdict: ScheduleVerdict, findings: readonly ScheduleFinding[]): 0 | 1 | 2 {
  if (verdict === "unknown") return 2;
  return ONE_OWNER.has(verdict) && !findings.some(({ severity }) => severity === "error") ? 0 : 1;
}
