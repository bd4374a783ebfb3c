// The locks of one run: the fleet's for whoever goes over all repositories, and each repository's for everyone who writes.
// They live on a connection of their own, which is opened when the first is wanted; when it is lost the run ends.
import type { Database } from "../db/connect.ts";
import type { Transaction } from "../db/handles.ts";
import type { SessionLocks } from "../db/session_locks.ts";
import { waitUntil } from "../wait_until.ts";
import type { LockHolder, Source } from "./report.ts";
import {
  holdLease,
  keepLease,
  type Lease,
  type LeaseHolder,
  proveLease,
  readLease,
  releaseLease,
  takeLease,
} from "./sweep/lease.ts";

const FLEET_LOCK = "state-hub:fleet";
/** Another run works on a repository for seconds; one that takes longer is not waited for. */
const WAIT_FOR_REPO_MS = 10_000;

export interface RunTermsForLocks {
  readonly source: Source;
  readonly host: string;
  readonly runId: string;
  readonly maxSeconds: number | null;
  /** A dry run takes nothing that is another's to wait for: it writes nothing. */
  readonly dryRun: boolean;
}

/** Must be closed. */
export class RunLocks {
  readonly #database: Database;
  readonly #terms: RunTermsForLocks;
  readonly #lost = new AbortController();
  #session: Promise<SessionLocks> | undefined;
  #lease: { readonly lease: Lease; readonly stop: () => void } | undefined;

  constructor(database: Database, terms: RunTermsForLocks) {
    this.#database = database;
    this.#terms = terms;
  }

  /** Aborted when the locks are gone, and with them the right to go on. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** @returns the run before, when it never gave the lease back; "held" when somebody else has the fleet's lock */
  async takeFleet(): Promise<{ readonly abandoned: LeaseHolder | null } | "held"> {
    const { source, host, runId, maxSeconds, dryRun } = this.#terms;
    if (dryRun) return { abandoned: null };
    const session = await this.#open();
    if (!(await session.tryLock(FLEET_LOCK))) return "held";
    const lease = await takeLease(session, { source, host, pid: process.pid, runId, maxSeconds });
    this.#lease = { lease, stop: keepLease(session, lease).stop };
    return { abandoned: lease.abandoned };
  }

  /** Who has the fleet's lock: as the lock says, with the lease's word for how long and with what budget. */
  async fleetHolder(): Promise<{ readonly holder: LockHolder | null; readonly lease: LeaseHolder | null }> {
    const session = await this.#open();
    const [holder, lease] = [await session.holderOf(FLEET_LOCK), await readLease(session.sql)];
    return { holder, lease };
  }

  /**
   * Runs `work` while nobody else may write this repository.
   * @returns the holder when somebody else has it for longer than a run needs
   */
  async inRepo<T>(
    repoId: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<{ readonly done: T } | { readonly heldBy: LockHolder | null }> {
    const session = await this.#open();
    const name = `state-hub:repo:${repoId}`;
    if (!(await session.tryLock(name))) {
      const got = await waitUntil<boolean>(
        { forWhat: "the repository's lock", deadlineMs: WAIT_FOR_REPO_MS, intervalMs: 100, signal },
        async () => ((await session.tryLock(name)) ? { found: true } : { seen: "held" }),
      ).catch(() => {
        signal.throwIfAborted();
        return false;
      });
      if (!got) return { heldBy: await session.holderOf(name) };
    }
    try {
      return { done: await work() };
    } finally {
      // A lost connection has freed it already.
      if (!session.lost.aborted) await session.unlock(name);
    }
  }

  /** To be the first statement of each write transaction: nothing is written once another sweep took over. */
  async holdFence(tx: Transaction): Promise<void> {
    if (this.#lease !== undefined) await holdLease(tx, this.#lease.lease.fence);
  }

  /** Immediately before something leaves this host: the locks are still ours. @throws OpsFailure when they are not */
  async prove(): Promise<void> {
    const session = await this.#open();
    if (this.#lease === undefined) await session.sql`select 1`;
    else await proveLease(session, this.#lease.lease.fence);
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#lease?.stop();
    if (session === undefined) return;
    if (this.#lease !== undefined && !session.lost.aborted)
      await releaseLease(session, this.#lease.lease).catch(() => {});
    await session.close();
  }

  #open(): Promise<SessionLocks> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  async #connect(): Promise<SessionLocks> {
    const { source, host } = this.#terms;
    const session = await this.#database.sessionLocks({ source, host, pid: process.pid });
    const end = () => this.#lost.abort(session.lost.reason);
    if (session.lost.aborted) end();
    else session.lost.addEventListener("abort", end, { once: true });
    return session;
  }
}
