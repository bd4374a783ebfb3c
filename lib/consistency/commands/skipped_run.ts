// A scheduled run that did not begin because what it requires is not there. That is no failure of the run, and must not be a
// silence either: it is told, and its row is written when the hub is back.
import type { Outcome } from "../../cli/define_script.ts";
import type { Requirement } from "../../schedule/requirement.ts";
import { STATUS_COMMAND } from "../next_command.ts";
import type { ActivityRecorder } from "../record_run.ts";
import type { Source } from "../report.ts";
import { keepUnreported } from "../sweep/spooled_runs.ts";

export interface SkippedRun {
  readonly definitionId: string;
  /** A new one unless given. */
  readonly runId?: string | undefined;
  readonly source: Source;
  readonly firedAt: Date;
  readonly requirement: Requirement;
  /** What was found instead, in words. */
  readonly found: string;
  readonly home: string;
  /** null where it cannot be told which hub it was for. */
  readonly hubKey: string | null;
  readonly activity: ActivityRecorder;
}

/** @returns exit 0, degraded: a schedule whose hub restarts has not failed */
export async function skippedRun(run: SkippedRun): Promise<Outcome> {
  const { definitionId, runId = Bun.randomUUIDv7(), source, firedAt, requirement, found, ...where } = run;
  const reason = `${requirement}: ${found}`;
  const times = { fired_at: firedAt.toISOString(), finished_at: new Date().toISOString() };
  const row = { run_id: runId, definition_id: definitionId, source, ...times, status: "skipped", reason } as const;
  const kept = await keepUnreported(row, { database: null, ...where });
  return {
    exitCode: 0,
    document: { ...row, skipped: true, kept },
    render: ({ paint }) =>
      `${paint.warning("Skipped:")} ${reason}; nothing was done, and nothing runs late in its stead.`,
    next: STATUS_COMMAND,
    degraded: [`skipped, ${reason}`, ...(kept === null ? [] : [kept])],
  };
}
