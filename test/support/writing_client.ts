// Somebody who works with a hub all the time, and remembers what the hub has acknowledged: what was acknowledged before a backup
// began has to be in it.
import { randomUUID } from "node:crypto";
import { openDatabase } from "../../lib/db/connect.ts";
import { Secret } from "../../lib/secret.ts";

export interface WritingClient {
  /** Ids of progress events that were committed, in their order. */
  readonly acknowledged: readonly string[];
  /** Its server has gone, or it was stopped. */
  ended(): boolean;
  /** Ends it; also one whose server has gone. */
  stop(): Promise<void>;
}

/** An event and a task's status in each transaction. */
export async function startWritingClient(url: string): Promise<WritingClient> {
  const hub = await openDatabase({ url: new Secret(url), applicationName: "a client", access: "read-write" });
  const acknowledged: string[] = [];
  let going = true;
  const work = (async () => {
    for (let n = 0; going; n++) {
      const id = randomUUID();
      try {
        await hub.transaction(async (tx) => {
          await tx`insert into progress_events (id, event_type, summary) values (${id}, 'note', 'by a client at work')`;
          await tx`
            update tasks set status = case status when 'todo' then 'in_progress' else 'todo' end
            where task_id = ${`BENCH-WP-1-T${1 + (n % 20)}`}`;
        });
        acknowledged.push(id);
      } catch {
        // The server is gone: nothing more will be acknowledged.
        going = false;
      }
    }
  })();
  const stop = async () => {
    going = false;
    await work;
    await hub.close().catch(() => {});
  };
  return { acknowledged, ended: () => !going, stop };
}
