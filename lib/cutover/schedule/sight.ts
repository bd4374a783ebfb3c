// What was seen of a schedule's owners, and what follows from it: plain values, so that a verdict can be judged without a
// cluster, and shown without one.

export type OwnerId = "timer" | "old_timer" | "cron" | "cronjob";

export interface OwnerSight {
  readonly id: OwnerId;
  /** "state-hub-consistency-sweep.timer", "cron table", "CronJob state-hub/state-hub-consistency-sweep". */
  readonly name: string;
  /** Whether it will fire; null: it could not be told. */
  readonly enabled: boolean | null;
  /** Whether it would fire now: a timer may be enabled and not run. null: it could not be told. */
  readonly active: boolean | null;
  /** What was seen, one line. */
  readonly detail: string;
  /** What ends it, or what makes it answer; a command to type. null: nothing is to be done. */
  readonly remedy: string | null;
  /** When it fires next by its own word; null: it does not, or does not say. */
  readonly next: Date | null;
}

/** `foreign`: a cron line alone, which no move takes along; `unknown`: something could not be asked, and nobody may guess. */
export type ScheduleVerdict = "timer" | "cronjob" | "parallel" | "foreign" | "none" | "both" | "unknown";

export interface ScheduleFinding {
  readonly id: string;
  /** `error`: it must be settled before the schedule moves; `degraded`: it works, and not as it should; `unknown`: not told. */
  readonly severity: "error" | "degraded" | "unknown";
  readonly says: string;
  /** A command to type. */
  readonly remedy: string;
}

export interface ScheduleStatus {
  readonly verdict: ScheduleVerdict;
  /** Since when both run by intention, ISO 8601; null: they do not. */
  readonly parallelSince: string | null;
  readonly owners: readonly OwnerSight[];
  readonly findings: readonly ScheduleFinding[];
  /** 0: one owner, or a parallel run that was declared; 1: none, two, a cron line, or an error; 2: could not tell. */
  readonly exitCode: 0 | 1 | 2;
}

/** Who should own it by the journal of the move, if there is one. */
export interface OwnedBy {
  readonly owner: "timer" | "cronjob";
  /** Since when, ISO 8601. */
  readonly since: string;
}
