// What one command of the service's runbooks shows for the next one: ids, versions and process ids, which a reader copies
// from his screen.
import type { TestHub } from "./hub.ts";
import { listenerOn, type Ports } from "./port_listener.ts";

interface Rows {
  readonly decision: string | null;
  readonly goal: string | null;
  readonly workstream: string | null;
  readonly version: string | null;
  readonly run: string;
}

/** Read anew before each block. A process that has ended keeps its id: its reader waits for the end. */
export function rememberedRows(
  { database }: TestHub,
  { PORT, OTHERS_PORT }: Pick<Ports, "PORT" | "OTHERS_PORT">,
): () => Promise<Record<string, string>> {
  const pids: Record<string, number> = {};
  const started = new Date().toISOString();
  const RUN_ID = crypto.randomUUID();
  const pidOn = (port: string) => {
    pids[port] = listenerOn(port)?.pid ?? pids[port] ?? 0;
    return String(pids[port]);
  };
  return async () => {
    const [row] = await database.sql<Rows[]>`
      select (select id from decisions where status = 'open' order by created_at desc limit 1) as decision,
        (select id from domain_goals where status = 'draft' order by created_at desc limit 1) as goal, w.id as workstream,
        w.version::text as version
      from (select 1) as one left join workstreams w on w.workplan_id = 'GARDEN-WP-0001'`;
    return {
      RUN_ID,
      HUB_PID: pidOn(PORT),
      OTHERS_PID: pidOn(OTHERS_PORT),
      DECISION: row?.decision ?? "",
      GOAL: row?.goal ?? "",
      WORKSTREAM: row?.workstream ?? "",
      VERSION: row?.version ?? "",
      SINCE: started,
    };
  };
}
