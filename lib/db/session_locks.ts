// Locks that a dead or lost run frees: PostgreSQL's session-level advisory locks, on a connection that does nothing else.
// They end with it, so the run must end with it too: a connection made anew has none of them, and whoever waited may have.
import { OpsFailure } from "../failure.ts";
import type { Sql } from "./handles.ts";
import { advisoryLocks } from "./held_locks.ts";
import { Lane } from "./lane.ts";
import { type Holder, readHolder } from "./lock_holder.ts";

export interface Pace {
  /** How long after one proof that the locks are held the next is asked for. */
  readonly everyMs: number;
  /** How long an answer may take; more than `everyMs`, so that silence never goes unwatched. */
  readonly answerWithinMs: number;
}

// A silent server is noticed after 20 s at most. The server waits at least 25 s before it frees the locks of a silent
// client (connect.ts): whoever lost them knows before somebody else can have them.
const PACE: Pace = { everyMs: 5_000, answerWithinMs: 15_000 };

/**
 * Session-level advisory locks on one direct connection of their own. When it closes they are gone, and so is the right
 * to go on. Must be closed.
 */
export class SessionLocks {
  readonly #lane: Lane;
  readonly #pace: Pace;
  readonly #lost = new AbortController();
  /** Asked for, and not answered yet. */
  readonly #asked = new Set<string>();
  readonly #held = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  /** @param open makes a client of one connection that calls back when that connection has closed */
  constructor(open: (onclose: () => void) => Sql, pace: Pace = PACE) {
    this.#pace = pace;
    const watched = (onclose: () => void) =>
      open(() => {
        onclose();
        this.giveUp("the connection to PostgreSQL closed");
      });
    this.#lane = new Lane(watched, pace.answerWithinMs);
    this.#proveLater();
  }

  /** Aborted with an OpsFailure (automation) when the connection closed, fell silent, or its locks can't be proven. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** For statements on this very connection. @throws `lost`'s reason once the locks are gone */
  get sql(): Sql {
    this.#lost.signal.throwIfAborted();
    return this.#lane.sql;
  }

  /**
   * Takes the lock unless somebody has it, this holder included.
   * @param name any text; two names share a lock only if their 64-bit hashes are the same
   */
  async tryLock(name: string): Promise<boolean> {
    // PostgreSQL would count a second lock of the same session, and two parts of one run would both believe it theirs.
    if (this.#asked.has(name) || this.#held.has(name)) return false;
    this.#asked.add(name);
    try {
      const [row] = await this.sql<{ locked: boolean }[]>`
        select pg_try_advisory_lock(hashtextextended(${name}, 0)) as locked`;
      if (row?.locked) this.#held.add(name);
      return row?.locked === true;
    } finally {
      this.#asked.delete(name);
    }
  }

  /** @throws OpsFailure (automation) when it was not held: then somebody else may have been at work meanwhile */
  async unlock(name: string): Promise<void> {
    // Before it is sent: a proof that is asked for after it must not miss it.
    this.#held.delete(name);
    const [row] = await this.sql<{ released: boolean }[]>`
      select pg_advisory_unlock(hashtextextended(${name}, 0)) as released`;
    if (row?.released) return;
    throw new OpsFailure(`Could not release the lock ${name}`, { observed: "this run did not hold it" });
  }

  /**
   * @returns who holds it, since when that connection is there (ISO 8601); null when nobody does (any more), or when it
   * can't be seen: another program's lock, or another role's where ours is no member of pg_read_all_stats
   */
  async holderOf(name: string): Promise<(Holder & { readonly since: string }) | null> {
    const { sql } = this;
    const [row] = await sql<{ name: string; since: Date | null }[]>`
      select a.application_name as name, a.backend_start as since
      from (${advisoryLocks(sql)}) l join pg_stat_activity a on a.pid = l.pid
      where l.key = hashtextextended(${name}, 0)`;
    const holder = readHolder(row?.name ?? "");
    return holder === null || !row?.since ? null : { ...holder, since: row.since.toISOString() };
  }

  /** Ends the right to go on: `lost` is aborted, and the connection ends with all its locks. */
  giveUp(observed: string, cause?: unknown): void {
    if (this.#closing || this.#lost.signal.aborted) return;
    clearTimeout(this.#timer);
    const hint = "Run the same command again: what was not committed is done then";
    this.#lost.abort(new OpsFailure("Could not keep this run's locks", { observed, hint, cause }));
    void this.#lane.close().catch(() => {});
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#lane.close();
  }

  #proveLater(): void {
    this.#timer = setTimeout(() => void this.#prove(), this.#pace.everyMs);
    // A run that forgot to close is held up by its connection, never by this.
    this.#timer.unref();
  }

  async #prove(): Promise<void> {
    try {
      const missing = await this.#missing([...this.#held]);
      if (missing.length > 0) this.giveUp(`PostgreSQL no longer has ${missing.join(", ")} among its locks`);
    } catch (error) {
      this.giveUp("PostgreSQL could not be asked for them", error);
    }
    if (!this.#closing && !this.lost.aborted) this.#proveLater();
  }

  /** Those of our names that the server does not count as locked by this connection. One round trip, also for none. */
  async #missing(names: readonly string[]): Promise<string[]> {
    const { sql } = this;
    const rows = await sql<{ name: string }[]>`
      select name from json_array_elements_text(${JSON.stringify(names)}::text::json) as name
      where not exists (select from (${advisoryLocks(sql)}) l
        where l.pid = pg_backend_pid() and l.key = hashtextextended(name, 0))`;
    return rows.map(({ name }) => name);
  }
}
