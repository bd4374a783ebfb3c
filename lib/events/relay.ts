// Carries events from the outbox to NATS for as long as a hub runs. Whatever is away, it waits and goes on: an event that
// was committed is published in the end, and nothing that happens here reaches those who make the changes.
import { describeFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import { within } from "../within.ts";
import { ensureEventStream } from "./event_stream.ts";
import { natsAddress } from "./nats_address.ts";
import { connectToNats, type NatsLink } from "./nats_connection.ts";
import type { OutboxDatabase } from "./outbox_database.ts";
import { Publisher, type Refusal } from "./publisher.ts";
import { relayPass } from "./relay_pass.ts";
import { openBook, type RelayBook, type RelayLine, type RelayState } from "./relay_state.ts";
import { settleStale } from "./settle_stale.ts";
import { suppressWaiting } from "./suppress.ts";
import { Trouble, troubleNamed } from "./trouble.ts";
import { makeWake, type Wake } from "./wake.ts";

export interface RelayOptions {
  /** One of its own is best: rows stay locked, and their connections busy, while NATS takes its time. */
  readonly database: OutboxDatabase;
  /** Null: nobody is told, and every event that waits is marked as suppressed. */
  readonly natsUrl: Secret | null;
  readonly log: (line: RelayLine) => void;
  /** Ends it as stop() does. */
  readonly signal?: AbortSignal;
  readonly pace?: Partial<RelayPace>;
}

export interface RelayPace {
  /** How often it looks without being woken. */
  readonly lookEveryMs: number;
  /** The first wait after a trouble, doubled each time, and the longest. */
  readonly retryMs: number;
  readonly retryAtMostMs: number;
  /** How long NATS may leave a request, or all of many events, unanswered. */
  readonly silenceMs: number;
}

export interface Relay {
  state(): RelayState;
  /** Lets what is under way end; takes 3 s at most, whatever hangs. Never throws. */
  stop(): Promise<void>;
}

const PACE: RelayPace = { lookEveryMs: 5_000, retryMs: 250, retryAtMostMs: 5_000, silenceMs: 5_000 };
const STOP_MS = 2_800;
/** After what is under way had its time to be acknowledged (publisher.ts). */
const CUT_MS = 1_700;
/** The trigger on the outbox notifies it (migration 0003). */
const CHANNEL = "state_hub_outbox";

/** What one relay works with. */
export interface Work {
  readonly database: OutboxDatabase;
  readonly book: RelayBook;
  readonly pace: RelayPace;
  readonly signal: AbortSignal;
  readonly wake: Wake;
}

/** Returns at once; where NATS or the database is away shows in its state. @throws OpsFailure (usage) for a URL that is none */
export function startRelay({ database, natsUrl, log, signal, pace }: RelayOptions): Relay {
  if (natsUrl !== null) natsAddress(natsUrl);
  const [book, ending] = [openBook(log), new AbortController()];
  const ended = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
  const work: Work = { database, book, pace: { ...PACE, ...pace }, signal: ended, wake: makeWake() };
  const running = run(work, natsUrl);
  const stop = async () => {
    ending.abort();
    await within(running, STOP_MS, undefined);
    book.turn({ state: "stopped", message: "Events are not relayed any more" });
  };
  return { state: book.read, stop };
}

async function run(work: Work, natsUrl: Secret | null): Promise<void> {
  const { database, signal, wake, pace, book } = work;
  let listener: { close(): Promise<void> } | undefined;
  const carrier = natsUrl === null ? suppressor(work) : publishing(work, natsUrl);
  for (let failures = 0; !signal.aborted; ) {
    try {
      listener ??= database.listen(CHANNEL, wake.ring);
      await carrier.carry();
      failures = 0;
      await wake.sleep(pace.lookEveryMs, signal);
    } catch (error) {
      if (signal.aborted) break;
      await carrier.release(error);
      book.turn(turnOf(error));
      // A notice does not shorten it: many changes must not become as many connections.
      await makeWake().sleep(Math.min(pace.retryMs * 2 ** failures++, pace.retryAtMostMs), signal);
    }
  }
  await Promise.all([carrier.release(null), listener?.close().catch(() => {})]);
}

interface Carrier {
  /** Brings everything that waits to where it belongs. @throws Trouble; what the database throws */
  carry(): Promise<void>;
  /** Gives up what was held open, unless the error is none of its own. */
  release(error: unknown): Promise<void>;
}

function suppressor({ database, book, signal }: Work): Carrier {
  book.turn({
    state: "suppressing",
    message: "Nobody is told of events: NATS_URL is not set. They are kept, marked as suppressed",
  });
  const carry = async () => {
    await suppressWaiting(database, signal, (suppressed) => book.count({ suppressed }));
    book.turn({ state: "suppressing", message: "Events are marked as suppressed again" });
  };
  return { carry, release: async () => {} };
}

function publishing(work: Work, natsUrl: Secret): Carrier {
  const { book, pace, wake, signal } = work;
  // Whatever still waits for an answer then gets none.
  let cut: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => {
    cut = setTimeout(() => void open?.link.close(), CUT_MS);
  });
  let open: { readonly link: NatsLink; readonly publisher: Publisher } | undefined;
  const connect = async () => {
    const link = await connectToNats(natsUrl, "state-hub-relay", { answerWithinMs: pace.silenceMs, signal });
    void link.gone.then(wake.ring);
    return { link, publisher: new Publisher(link, pace) };
  };
  return {
    carry: async () => {
      open ??= await connect();
      const refused = await carryAll(work, open);
      book.count({ refused: refused.length });
      book.turn(afterAll(open.link.address.printable, refused));
    },
    release: async (error) => {
      if (error !== null && !(error instanceof Trouble)) return;
      clearTimeout(cut);
      open?.publisher.close();
      await open?.link.close();
      open = undefined;
    },
  };
}

/** Passes until nothing is left that can be sent. @returns what the stream will not take */
async function carryAll(
  work: Work,
  { link, publisher }: { link: NatsLink; publisher: Publisher },
): Promise<readonly Refusal[]> {
  const { database, signal, pace, book } = work;
  const onPublished = (published: number) => book.count({ published });
  for (let provenSince: string | null = null; ; ) {
    const stream = await ensureEventStream(link);
    const { refused, stale } = await relayPass({ database, link, stream, publisher, signal, provenSince, onPublished });
    if (stale.length === 0 || signal.aborted) return refused;
    provenSince = await settleStale({ database, link, signal, onPublished }, stale, pace.silenceMs);
  }
}

function afterAll(printable: string, refused: readonly Refusal[]) {
  const [first] = refused;
  if (first === undefined) return { state: "relaying" as const, message: `Events are relayed to ${printable}` };
  return {
    state: "some_refused" as const,
    message: `Events are relayed to ${printable}, but it does not take all of them`,
    problem: `${refused.length} ${refused.length === 1 ? "event is" : "events are"} refused, the first is ${first.id}: ${first.reason}`,
    hint: `psql "$DATABASE_URL" -c "select * from outbox where id = '${first.id}'"`,
  };
}

function turnOf(error: unknown) {
  const trouble = error instanceof Trouble ? error : troubleNamed("database", describeFailure(error), null, error);
  const { message, observed, expected, where, hint } = trouble;
  const problem = `${message}${where === undefined ? "" : ` (${where})`}: ${observed}; wanted ${expected}`;
  return { state: trouble.trouble, message: "Events wait in the hub's database until this is mended", problem, hint };
}
