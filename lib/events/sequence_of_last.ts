// From which number on a stream holds the last N events of a subject. The server can count those from a number on, but not
// go back from the end, so that the number is searched for by halves.
import { STREAM } from "./event_stream.ts";
import type { NatsLink } from "./nats_connection.ts";
import { openReader } from "./stream_reader.ts";

/** @param last 0 for what comes next only @returns a number to start from; that of the first event when there are fewer */
export async function sequenceOfLast(link: NatsLink, subject: string, last: number): Promise<number> {
  const { state } = await link.manager.streams.info(STREAM);
  const end = state.last_seq + 1;
  if (last === 0) return end;
  // At `low` and below there are enough, or it is the first; at `high` there are too few.
  let [low, high] = [Math.max(state.first_seq, 1), end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await countFrom(link, subject, middle)) >= last) low = middle;
    else high = middle;
  }
  return low;
}

async function countFrom(link: NatsLink, subject: string, sequence: number): Promise<number> {
  const reader = await openReader(link, { subject, from: { sequence } });
  await reader.close();
  return reader.waiting;
}
