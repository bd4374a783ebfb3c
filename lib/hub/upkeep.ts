// What a hub tidies up while it serves. What is kept for requests that are repeated would otherwise grow for ever. Two hubs
// on one database may do it at the same time; each row goes once.
import type { Database } from "../db/connect.ts";
import { describeFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";
import type { LogRecord } from "./http/log_request.ts";
import { forgetOldKeys } from "./http/once.ts";
import { forgetOldRuns } from "./runs/run_rows.ts";

const EVERY_MS = 3_600_000;

/** Each takes out a part of what is too old, and says how much. */
const FORGOTTEN: Readonly<Record<string, (database: Pick<Database, "sql">) => Promise<number>>> = {
  idempotency_keys_forgotten: forgetOldKeys,
  runs_forgotten: ({ sql }) => forgetOldRuns(sql),
};

export interface Upkeep {
  stop(): void;
}

/** Begins at once. What fails is tried again in an hour. */
export function startUpkeep(database: Pick<Database, "sql">, log: (record: LogRecord) => void): Upkeep {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const tidy = async () => {
    try {
      for (const [what, forget] of Object.entries(FORGOTTEN)) {
        const count = await forgetAll(
          () => forget(database),
          () => stopped,
        );
        if (count > 0) log({ level: "info", event: "upkeep", [what]: count });
      }
    } catch (error) {
      if (!stopped) log({ level: "warning", event: "upkeep_failed", message: scrubText(describeFailure(error)) });
    }
    if (stopped) return;
    timer = setTimeout(() => void tidy(), EVERY_MS);
    timer.unref();
  };
  void tidy();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** A part at a time, so that no statement takes long. */
async function forgetAll(forget: () => Promise<number>, stopped: () => boolean): Promise<number> {
  let all = 0;
  while (!stopped()) {
    const forgotten = await forget();
    if (forgotten === 0) break;
    all += forgotten;
  }
  return all;
}
