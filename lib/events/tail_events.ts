// Shows events as they stand in the stream and as they come, for people who have no nats command line. Where nothing can
// come it says so and ends: silence must mean that nothing happened.
import type { JsMsg } from "nats";
import { OpsFailure, usageFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import { within } from "../within.ts";
import { eventStream, OUR_SUBJECTS, STREAM } from "./event_stream.ts";
import { connectToNats, type NatsLink } from "./nats_connection.ts";
import { sequenceOfLast } from "./sequence_of_last.ts";
import { openReader, type Reading, type StreamReader } from "./stream_reader.ts";
import { isSubjectFilter, overlap } from "./subject_filter.ts";
import { troubleOf } from "./trouble.ts";

export interface TailOptions {
  readonly natsUrl: Secret;
  /** With the wildcards of NATS; `org.statehub.>` unless given. */
  readonly subject?: string;
  /** ISO 8601: also what is in the stream from then on. Not together with `last`. */
  readonly since?: string;
  /** Also the last so many that are in the stream. */
  readonly last?: number;
  /** Ends it without an error. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: TailedEvent) => void;
  /** Told once when it listens: what is published from then on is shown. */
  readonly onListening?: () => void;
  /** How long NATS may leave a request unanswered, in milliseconds. */
  readonly answerWithinMs?: number;
}

export interface TailedEvent {
  /** The message's number in the stream. */
  readonly sequence: number;
  readonly subject: string;
  /** When the stream got it, ISO 8601. */
  readonly stored_at: string;
  /** What it holds; null when that is no JSON, as an event of somebody else's may be. */
  readonly envelope: unknown;
  readonly text: string;
}

const ANSWER_WITHIN_MS = 5_000;

/**
 * Resolves after the signal.
 * @throws OpsFailure (usage) for a subject or a time that is none; Trouble when the server or the stream is not there, or
 * not there any more
 */
export async function tailEvents(options: TailOptions): Promise<void> {
  const subject = checked(options);
  const answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
  const link = await connectToNats(options.natsUrl, "state-hub-tail", { answerWithinMs, signal: options.signal });
  try {
    await requireSubjectInStream(link, subject);
    await show(link, subject, options, answerWithinMs);
  } catch (error) {
    if (!options.signal.aborted) throw error instanceof OpsFailure ? error : troubleOf(error, link.address);
  } finally {
    await link.close();
  }
}

async function show(link: NatsLink, subject: string, options: TailOptions, everyMs: number): Promise<void> {
  const { signal, onEvent, onListening } = options;
  const reader = await openReader(link, { subject, from: await startOf(link, subject, options) });
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  const messages = await (await reader.consumer()).consume({ callback: inOrder(onEvent, reject) });
  const watch = new AbortController();
  try {
    onListening?.();
    await Promise.race([aborted, failed, lost(link, reader, everyMs, watch.signal)]);
  } finally {
    watch.abort();
    messages.stop();
    await within(reader.close(), everyMs, undefined);
  }
}

/** The server numbers what it sends to a reader: a gap is an event that nobody saw. */
function inOrder(onEvent: (event: TailedEvent) => void, reject: (reason: unknown) => void): (message: JsMsg) => void {
  let last = 0;
  return (message) => {
    const { deliverySequence } = message.info;
    if (deliverySequence !== last + 1) {
      reject(
        new OpsFailure("Could not show all events", {
          observed: `${deliverySequence - last - 1} were lost on the way`,
        }),
      );
    }
    last = deliverySequence;
    try {
      onEvent(shown(message));
    } catch (error) {
      reject(error);
    }
  };
}

/** Rejects when the connection or the stream is gone, or the server silent; the client would wait for ever. */
async function lost(link: NatsLink, reader: StreamReader, everyMs: number, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  while (!signal.aborted) {
    const trouble = await within(Promise.race([link.gone, ended]), everyMs, undefined);
    if (signal.aborted) return;
    if (trouble) throw trouble;
    await eventStream(link);
    await reader.prove();
  }
}

/** By number where it can be, so that no event between now and the first request is missed. */
async function startOf(link: NatsLink, subject: string, { since, last }: TailOptions): Promise<Reading["from"]> {
  if (since !== undefined) return { time: new Date(since) };
  return { sequence: await sequenceOfLast(link, subject, last ?? 0) };
}

function shown(message: JsMsg): TailedEvent {
  const { subject, seq: sequence, info } = message;
  const text = message.string();
  const stored_at = new Date(info.timestampNanos / 1_000_000).toISOString();
  return { sequence, subject, stored_at, envelope: parsed(text), text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function checked({ subject = OUR_SUBJECTS, since, last }: TailOptions): string {
  const fail = (observed: string, expected: string) => usageFailure("Could not show events", { observed, expected });
  if (!isSubjectFilter(subject))
    throw fail(JSON.stringify(subject), "a subject such as org.statehub.> or org.statehub.repo.*");
  if (since !== undefined && (!/^\d{4}-\d\d-\d\d(T|$)/.test(since) || Number.isNaN(Date.parse(since)))) {
    throw fail(since, "a time such as 2026-09-01T08:00:00Z");
  }
  if (last !== undefined && (!Number.isSafeInteger(last) || last < 0)) throw fail(String(last), "a number of events");
  if (since !== undefined && last !== undefined) throw fail("both a time and a number", "one of them");
  return subject;
}

async function requireSubjectInStream(link: NatsLink, subject: string): Promise<void> {
  const { subjects } = await eventStream(link);
  if (subjects.some((each) => overlap(each, subject))) return;
  throw new OpsFailure("Could not show events", {
    observed: `the stream ${STREAM} takes ${subjects.join(", ")}; nothing can come on ${subject}`,
    expected: `a subject among those, such as ${OUR_SUBJECTS}`,
    where: link.address.printable,
  });
}
