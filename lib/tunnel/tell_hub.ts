// Tells the State Hub that a tunnel's verdict changed: into its database where DATABASE_URL leads there, else by its API. A hub
// that cannot be told is no failure of the check.
import { openDatabase } from "../db/connect.ts";
import { addProgressEvent } from "../db/progress_event.ts";
import type { Secret } from "../secret.ts";
import { within } from "../within.ts";
import type { VerdictChange } from "./remember_verdicts.ts";

export interface HubToTell {
  /** null: it is asked by its API. */
  readonly database: Secret | null;
  readonly url: string;
  readonly token: Secret | null;
}

const TELL_AT_MOST_MS = 3_000;
const TYPE = "tunnel_health";

/** @returns whether the hub has taken it within `withinMs`, and 3 s; never throws */
export async function tellHub(hub: HubToTell, change: VerdictChange, withinMs: number): Promise<boolean> {
  const ms = Math.min(withinMs, TELL_AT_MOST_MS);
  const telling = hub.database === null ? post(hub, change, ms) : insert(hub.database, change, ms);
  return within(
    telling.catch(() => false),
    ms,
    false,
  );
}

function summaryOf({ tunnel, list, from, to, cause }: VerdictChange): string {
  return `${tunnel}${list === null ? "" : ` of ${list}`}: ${from === null ? "" : `${from} to `}${to}${cause === null ? "" : ` (${cause})`}`;
}

/** A check that was killed before it noted that it had told tells it again: by either way the hub has it once. */
async function insert(url: Secret, change: VerdictChange, answerWithinMs: number): Promise<boolean> {
  const { key, ...detail } = change;
  const database = await openDatabase({ url, applicationName: TYPE, access: "read-write", answerWithinMs });
  try {
    const event = { id: key, type: TYPE, source: TYPE, summary: summaryOf(change), detail };
    await database.transaction((tx) => addProgressEvent(tx, event));
    return true;
  } finally {
    await database.close();
  }
}

async function post({ url, token }: HubToTell, change: VerdictChange, withinMs: number): Promise<boolean> {
  const { key, ...detail } = change;
  const response = await fetch(`${url}/progress`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": `${TYPE}:${key}`,
      ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
    },
    body: JSON.stringify({ event_type: TYPE, source: TYPE, summary: summaryOf(change), detail }),
    redirect: "manual",
    signal: AbortSignal.timeout(Math.ceil(withinMs)),
  });
  return response.status === 201;
}
