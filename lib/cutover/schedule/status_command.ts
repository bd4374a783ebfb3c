// The body of `cutover.ts schedule status`: who owns the schedule, what is not as it should be, and how far a move has come.
import type { Outcome } from "../../cli/define_script.ts";
import { readJournal } from "../../plan/journal.ts";
import type { CronGrid } from "../../schedule/cron_grid.ts";
import { journalPath } from "./move_files.ts";
import { lastProof, type OpenMove, openMove, ownedBy } from "./move_journal.ts";
import { applyCommand, forCluster } from "./own_commands.ts";
import { applyManifests } from "./remedies.ts";
import type { OwnedBy, ScheduleStatus } from "./sight.ts";
import { lookAtSchedule } from "./status.ts";
import { renderStatus } from "./status_view.ts";
import type { ScheduleWorld } from "./world.ts";

export interface StatusTerms {
  readonly world: ScheduleWorld;
  readonly grid: CronGrid;
  readonly home: string;
  readonly now: Date;
}

const SLOTS = 3;

/** Reads nothing but what could fire, and this machine's journal: it works without the hub. */
export async function statusCommand({ world, grid, home, now }: StatusTerms): Promise<Outcome> {
  const entries = readJournal(journalPath(home));
  const [owned, half] = [ownedBy(entries), openMove(entries)];
  const status = await lookInMove(world, owned, half);
  const shown = { status, half, owned, proof: lastProof(entries), slots: slotsAfter(grid, now), schedule: grid.cron };
  const degraded = status.findings.filter(({ severity }) => severity === "degraded").map(({ says }) => says);
  return {
    exitCode: half === null ? status.exitCode : (Math.max(1, status.exitCode) as 1 | 2),
    document: {
      verdict: status.verdict,
      parallel_since: status.parallelSince,
      owners: status.owners,
      findings: status.findings,
      half_done: half,
      owned_by: owned,
      last_proof: shown.proof,
      schedule: grid.cron,
      next_slots: shown.slots,
    },
    render: (view) => renderStatus(shown, view),
    next: nextAfter(world, status, half),
    ...(degraded.length === 0 ? {} : { degraded }),
  };
}

/** In the middle of a move the schedule is on its way: whose it was is no reason to put anything back, and only going on helps. */
async function lookInMove(world: ScheduleWorld, owned: OwnedBy | null, half: OpenMove | null): Promise<ScheduleStatus> {
  if (half?.act !== "switch" && half?.act !== "rollback") return lookAtSchedule(world, owned);
  const status = await lookAtSchedule(world, null);
  const remedy = applyCommand(half.cluster, half.act, half.file);
  const findings = status.findings.map((each) => (each.id === "none_enabled" ? { ...each, remedy } : each));
  return { ...status, findings };
}

function slotsAfter(grid: CronGrid, now: Date): string[] {
  const slots: string[] = [];
  for (let next = grid.nextAfter(now); next !== null && slots.length < SLOTS; next = grid.nextAfter(next))
    slots.push(next.toISOString());
  return slots;
}

const COMPARE = "scripts/compare_sweep_parallel.ts --hours 72 --baseline local-timer --candidate k8s-cronjob";

function nextAfter(world: ScheduleWorld, { verdict, findings }: ScheduleStatus, half: OpenMove | null): string {
  if (half !== null) return applyCommand(half.cluster, half.act, half.file);
  const wrong = findings.find(({ severity }) => severity !== "degraded");
  if (wrong !== undefined) return wrong.remedy;
  if (verdict === "parallel") return COMPARE;
  if (verdict === "cronjob") return `${applyManifests(world, true)} --dry-run=server`;
  // Without a CronJob there is nothing to try.
  const missing = findings.find(({ id }) => id === "cronjob_missing");
  return missing?.remedy ?? forCluster(world.cluster, "scripts/cutover.ts schedule canary");
}
