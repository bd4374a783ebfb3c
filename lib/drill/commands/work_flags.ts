// How hard a command may work: the flags of every one that looks at a live database or makes a copy. (table)
import { availableParallelism } from "node:os";

/** As they were typed. */
export interface WorkFlags {
  readonly jobs?: number | undefined;
  readonly "lock-wait": number;
  readonly workspace?: string | undefined;
}

/** More would only wait for each other: the usual host has few disks. */
const MOST_JOBS = 4;

/** For a script's table of flags. */
export const WORK_FLAGS = {
  jobs: {
    kind: "integer",
    min: 1,
    max: 16,
    describe: "Sessions at work on the live server, and programs here, at once (default: one a processor, at most 4)",
  },
  "lock-wait": {
    kind: "integer",
    min: 1,
    max: 3_600,
    default: 30,
    placeholder: "SECONDS",
    describe: "How long to wait for a table that somebody has locked",
  },
  workspace: {
    kind: "string",
    placeholder: "DIR",
    describe: "Where a copy may lie while this runs, instead of below STATE_HUB_HOME; it is taken away again",
  },
} as const;

/** Those that were asked for; else one a processor. */
export function jobsOf({ jobs }: WorkFlags): number {
  return jobs ?? Math.min(MOST_JOBS, availableParallelism());
}
