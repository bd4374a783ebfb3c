// How the relay stands, for /metrics and for people: one line in the log for each change, however often the same thing is
// tried meanwhile, since a NATS that is away for a night must not fill a disk with words.
import type { TroubleName } from "./trouble.ts";

/** `some_refused`: the others go out. `suppressing`: there is no NATS_URL. */
export type RelayStateName = "starting" | "relaying" | "some_refused" | "suppressing" | "stopped" | TroubleName;

export interface RelayState {
  readonly state: RelayStateName;
  /** When it became so, ISO 8601. */
  readonly since: string;
  /** What is wrong, in one line; null when nothing is. */
  readonly problem: string | null;
  /** A command to look at it with. */
  readonly hint: string | null;
  /** Events acknowledged since this relay started; suppressed ones likewise. */
  readonly published: number;
  readonly suppressed: number;
  /** Events that wait because the stream will not take them. */
  readonly refused: number;
}

/** One line of a log; never with credentials. */
export interface RelayLine {
  readonly level: "info" | "warning";
  readonly event: `relay_${RelayStateName}`;
  readonly message: string;
  readonly problem?: string;
  readonly hint?: string;
}

export interface Turn {
  readonly state: RelayStateName;
  readonly message: string;
  readonly problem?: string;
  readonly hint?: string | undefined;
}

export interface RelayBook {
  read(): RelayState;
  /** Logged only when the state is another one than before; its words are kept up to date in any case. */
  turn(turn: Turn): void;
  count(what: Partial<Pick<RelayState, "published" | "suppressed">> & { readonly refused?: number }): void;
}

export function openBook(log: (line: RelayLine) => void): RelayBook {
  let now: RelayState = {
    state: "starting",
    since: new Date().toISOString(),
    problem: null,
    hint: null,
    published: 0,
    suppressed: 0,
    refused: 0,
  };
  return {
    read: () => now,
    turn: ({ state, message, problem, hint }) => {
      const changed = state !== now.state;
      const since = changed ? new Date().toISOString() : now.since;
      now = { ...now, state, since, problem: problem ?? null, hint: hint ?? null };
      if (!changed) return;
      const words = { ...(problem === undefined ? {} : { problem }), ...(hint === undefined ? {} : { hint }) };
      log({ level: problem === undefined ? "info" : "warning", event: `relay_${state}`, message, ...words });
    },
    count: ({ published = 0, suppressed = 0, refused = now.refused }) => {
      now = { ...now, published: now.published + published, suppressed: now.suppressed + suppressed, refused };
    },
  };
}
