// What a move of the schedule stands on: the places, the hub, the grid, and what other parts of the toolkit are asked by the
// script. Each function takes the few of these that it needs.
import type { Database } from "../../db/connect.ts";
import type { SessionLocks } from "../../db/session_locks.ts";
import type { CronGrid } from "../../schedule/cron_grid.ts";
import type { ScheduleWorld } from "./world.ts";

/** `unknown` is never a pass: it could not be told. */
export interface Judgement {
  readonly verdict: "pass" | "refuse" | "unknown";
  /** What was seen, in one sentence. */
  readonly says: string;
  /** A command to type, where it is another one than the gate's own. */
  readonly remedy?: string;
}

export interface MovedActivity {
  /** The definition's, in the hub's tables. */
  readonly uuid: string;
  /** The script's own budget. */
  readonly maxSeconds: number;
}

export interface Comparing {
  readonly hours: number;
  readonly baseline: string;
  readonly candidate: string;
}

/** What other capabilities know; the script hands it in. */
export interface Judges {
  readonly compare: (asked: Comparing) => Promise<Judgement>;
  readonly definitionsAgree: () => Promise<Judgement>;
}

export interface Move {
  readonly world: ScheduleWorld;
  readonly hub: Database;
  /** Holds the mover's lock, while a plan is made and while one is applied. */
  readonly locks: SessionLocks;
  readonly grid: CronGrid;
  readonly activity: MovedActivity;
  /** STATE_HUB_HOME: plans, the journal, the archive. */
  readonly home: string;
  readonly host: string;
  readonly operator: string;
  readonly judges: Judges;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/** The name under which two movers exclude each other, and the sweeps' own. */
export const MOVE_LOCK = "state-hub:schedule-move";
export const FLEET_LOCK = "state-hub:fleet";
