// What every route stands on. Whatever matters is in the database: two hubs on one database answer alike.
import type { Database } from "../db/connect.ts";
import type { Transaction } from "../db/handles.ts";
import type { RunHost } from "./runs/run_host.ts";

export interface Hub {
  readonly database: Database;
  /** It was started to read alone: that its database takes no changes is then no fault. Not so unless given. */
  readonly readsOnly?: boolean;
  /** Sweeps and syncs that were asked for over HTTP. */
  readonly runs: RunHost;
  readonly registerRepo: RegisterRepo;
}

export interface RepoRequest {
  /** A folder of a checkout on the hub's machine; null: only its remote is known. */
  readonly path: string | null;
  readonly slug: string | null;
  readonly domain: string | null;
  readonly remoteUrl: string | null;
}

/** The same as `repo add`: it belongs to another capability and is handed in. @throws OpsFailure (usage) */
export type RegisterRepo = (
  tx: Transaction,
  request: RepoRequest,
) => Promise<{ readonly id: string; readonly slug: string; readonly outcome: string }>;
