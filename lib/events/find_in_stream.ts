// Which of some events the stream has already. Its memory for ids ends with the duplicate window; what was attempted before
// that, by a hub that was killed or lost its line, is looked for in the stream itself before it is sent again.

import { within } from "../within.ts";
import { OUR_SUBJECTS } from "./event_stream.ts";
import type { NatsLink } from "./nats_connection.ts";
import { openReader, type StreamReader } from "./stream_reader.ts";
import { troubleNamed, troubleOf } from "./trouble.ts";

export interface Search {
  readonly ids: ReadonlySet<string>;
  /** From when on they can be there, by the stream's clock. */
  readonly since: Date;
  /** How long the server may be silent, in milliseconds. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

// As many headers as one request asks for: some 100 bytes each.
const PER_REQUEST = 5_000;
// The client takes no shorter time for a request.
const LEAST_MS = 1_000;

/** Reads headers only, once from `since` to what is the end when it starts. @throws Trouble; the signal's reason */
export async function findInStream(link: NatsLink, search: Search): Promise<Set<string>> {
  try {
    const reader = await openReader(link, { subject: OUR_SUBJECTS, from: { time: search.since }, headersOnly: true });
    try {
      return await readThrough(link, reader, search);
    } finally {
      await within(reader.close(), search.silenceMs, undefined);
    }
  } catch (error) {
    search.signal.throwIfAborted();
    throw troubleOf(error, link.address);
  }
}

async function readThrough(
  link: NatsLink,
  reader: StreamReader,
  { ids, silenceMs, signal }: Search,
): Promise<Set<string>> {
  const found = new Set<string>();
  const consumer = await reader.consumer();
  for (let left = reader.waiting; left > 0 && found.size < ids.size; ) {
    signal.throwIfAborted();
    const before = left;
    const expires = Math.max(silenceMs, LEAST_MS);
    for await (const message of await consumer.fetch({ max_messages: Math.min(PER_REQUEST, left), expires })) {
      const id = message.headers?.get("Nats-Msg-Id") ?? "";
      if (ids.has(id)) found.add(id);
      // Fewer than counted: old ones may be dropped from the stream while it is read.
      left = Math.min(left - 1, message.info.pending);
    }
    if (left === before)
      throw troubleNamed("unanswered", `${left} stored events could not be looked through`, link.address);
  }
  return found;
}
