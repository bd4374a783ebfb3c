// Notices of PostgreSQL's NOTIFY, on a connection of their own. The driver's listen() gives up for good when its first
// try to reconnect fails; this one goes on until it is closed.
import type { Sql } from "./handles.ts";
import { Lane } from "./lane.ts";

const RETRY_MS = { first: 100, longest: 5_000 };
/** A connection that nobody asks anything can be dead for long: how often it is proven. */
const PROVE_EVERY_MS = 15_000;

/** Must be closed. */
export class Listener {
  readonly #open: (onclose: () => void) => Sql;
  readonly #answerWithinMs: number;
  readonly #channel: string;
  readonly #onNotice: () => void;
  #lane: Lane | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param open makes a client of one connection that calls `onNotice` for each notice
   * @param onNotice also called whenever the channel is listened to (again): what came before was missed
   */
  constructor(
    open: (onclose: () => void) => Sql,
    { channel, onNotice, answerWithinMs }: { channel: string; onNotice: () => void; answerWithinMs: number },
  ) {
    this.#open = open;
    this.#channel = channel;
    this.#onNotice = onNotice;
    this.#answerWithinMs = answerWithinMs;
    void this.#listen(RETRY_MS.first);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#lane?.close().catch(() => {});
  }

  async #listen(retryMs: number): Promise<void> {
    let listens = false;
    const closed = (onclose: () => void) => {
      onclose();
      // A failed try has a plan of its own, which grows; this would replace it by the shortest.
      if (listens && lane === this.#lane) this.#later(RETRY_MS.first, () => this.#listen(RETRY_MS.first));
    };
    const lane: Lane = new Lane((onclose) => this.#open(() => closed(onclose)), this.#answerWithinMs);
    this.#lane = lane;
    try {
      await lane.sql`listen ${lane.sql(this.#channel)}`;
      listens = true;
      this.#onNotice();
      this.#later(PROVE_EVERY_MS, () => this.#prove(lane));
    } catch {
      // Not lost where the server answered with a refusal.
      if (!lane.isLost) void lane.close().catch(() => {});
      this.#later(retryMs, () => this.#listen(Math.min(retryMs * 2, RETRY_MS.longest)));
    }
  }

  async #prove(lane: Lane): Promise<void> {
    try {
      await lane.sql`select 1`;
      this.#later(PROVE_EVERY_MS, () => this.#prove(lane));
    } catch {
      this.#later(RETRY_MS.first, () => this.#listen(RETRY_MS.first));
    }
  }

  /** One plan at a time: the newest. */
  #later(ms: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void work(), ms);
    this.#timer.unref();
  }
}
