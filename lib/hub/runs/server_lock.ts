// The lock by which every hub can tell that this one lives. It ends with its connection, so that nobody has to clean up
// after a hub that was killed; one that was only cut off takes it again under the same name.
import type { Database } from "../../db/connect.ts";
import { databaseFailure } from "../../db/database_failure.ts";
import type { SessionLocks } from "../../db/session_locks.ts";
import { OpsFailure } from "../../failure.ts";

const RETRY_MS = { first: 100, longest: 1_000 };

/** Must be closed. */
export class ServerLock {
  /** What the hub's runs are marked with. */
  readonly name = `state-hub:server:${Bun.randomUUIDv7()}`;
  readonly #database: Database;
  readonly #host: string;
  readonly #onHeld: () => void;
  #session: SessionLocks | undefined;
  #closed = false;

  private constructor(database: Database, host: string, onHeld: () => void) {
    this.#database = database;
    this.#host = host;
    this.#onHeld = onHeld;
  }

  /**
   * @param onHeld called whenever it was lost and is held again
   * @throws OpsFailure (automation) when it cannot be had now
   */
  static async take(database: Database, host: string, onHeld: () => void): Promise<ServerLock> {
    const lock = new ServerLock(database, host, onHeld);
    await lock.#connect();
    return lock;
  }

  get isHeld(): boolean {
    return this.#session?.lost.aborted === false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.close().catch(() => {});
  }

  async #connect(): Promise<void> {
    const session = await this.#database.sessionLocks({ source: "hub", host: this.#host, pid: process.pid });
    try {
      const held = await session.tryLock(this.name);
      if (this.#closed || !held)
        throw new OpsFailure("Could not take this hub's lock", { observed: "its last connection still has it" });
    } catch (error) {
      await session.close().catch(() => {});
      throw databaseFailure("Could not take this hub's lock", error);
    }
    this.#session = session;
    session.lost.addEventListener("abort", () => void this.#holdAgain(), { once: true });
    if (session.lost.aborted) void this.#holdAgain();
  }

  async #holdAgain(): Promise<void> {
    for (let waitMs = RETRY_MS.first; !this.#closed; waitMs = Math.min(waitMs * 2, RETRY_MS.longest)) {
      await Bun.sleep(waitMs);
      const held =
        this.#closed ||
        (await this.#connect().then(
          () => true,
          () => false,
        ));
      if (held) return this.#closed ? undefined : this.#onHeld();
    }
  }
}
