// What the drill asks of the State Hub's own code. It is handed in: a drill of another database needs none of it. (types)
import type { Reader } from "../db/handles.ts";
import type { Secret } from "../secret.ts";

/** The hub's own words about a database. */
export interface HubPart {
  /** null: the database holds no State Hub. */
  identityOf(sql: Reader): Promise<{ readonly instance_id: string; readonly system_identifier: string } | null>;
  /** The bytes that `/state/summary?as_of=` answers. */
  summaryAt(sql: Reader, asOf: string): Promise<string>;
  /** The hub's routes over a copy, on a loopback port, on connections that may not write. */
  serveReadOnly(options: {
    readonly url: Secret;
    readonly log: (record: Readonly<Record<string, unknown>>) => void;
  }): Promise<{ readonly url: string; stop(): Promise<void> }>;
}
