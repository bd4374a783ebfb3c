// What a script may exit with, in one table that every --help prints. Timers, CronJobs and gates branch on these
// numbers; a code chosen anywhere else would be a promise nobody can look up.

export const EXIT = {
  done: 0,
  assessmentFailed: 1,
  automationError: 2,
  wrongUsage: 64,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** 64 is EX_USAGE of sysexits.h; 129, 130 and 143 are 128 + the number of SIGHUP, SIGINT and SIGTERM (POSIX shells). */
export const EXIT_CODES: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: EXIT.done, meaning: "did its job: clean, lock skipped, budget used up, degraded, or scheduled findings" },
  { code: EXIT.assessmentFailed, meaning: "an assessment failed: an open error, a gate refused, not ready, down" },
  { code: EXIT.automationError, meaning: "automation error (C-00): could not do its job, or could not tell" },
  { code: EXIT.wrongUsage, meaning: "wrong usage" },
  { code: EXIT.hungUp, meaning: "stopped cleanly: hang-up" },
  { code: EXIT.interrupted, meaning: "stopped cleanly: interrupt" },
  { code: EXIT.terminated, meaning: "stopped cleanly: terminate" },
];
