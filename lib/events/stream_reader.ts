// Reads a stream from some place on, with a consumer that ends with its reader. Not one of the client's ordered consumers:
// where the server refuses such a one, the client tries again in silence for minutes.
import type { Consumer } from "nats";
import { STREAM } from "./event_stream.ts";
import type { NatsLink } from "./nats_connection.ts";

export interface Reading {
  readonly subject: string;
  /** A message's number, or a time by the stream's clock. */
  readonly from: { readonly sequence: number } | { readonly time: Date };
  readonly headersOnly?: boolean;
}

export interface StreamReader {
  /** How many messages stood there when it was opened. */
  readonly waiting: number;
  /** What to read with. @throws the client's error */
  consumer(): Promise<Consumer>;
  /** @throws the client's error when the stream, or the reader in it, is not there any more */
  prove(): Promise<void>;
  /** Never throws. */
  close(): Promise<void>;
}

/** Should this process end without closing it: nanoseconds. */
const FORGOTTEN_AFTER = 30_000_000_000;

/** To be closed. @throws the client's error */
export async function openReader({ client, connection, manager }: NatsLink, reading: Reading): Promise<StreamReader> {
  const { subject, from, headersOnly = false } = reading;
  const start =
    "time" in from
      ? { deliver_policy: client.DeliverPolicy.StartTime, opt_start_time: from.time.toISOString() }
      : { deliver_policy: client.DeliverPolicy.StartSequence, opt_start_seq: from.sequence };
  const { name, num_pending } = await manager.consumers.add(STREAM, {
    ...start,
    filter_subject: subject,
    ack_policy: client.AckPolicy.None,
    headers_only: headersOnly,
    mem_storage: true,
    inactive_threshold: FORGOTTEN_AFTER,
  });
  return {
    waiting: num_pending,
    consumer: () => connection.jetstream().consumers.get(STREAM, name),
    prove: async () => void (await manager.consumers.info(STREAM, name)),
    close: async () => void (await manager.consumers.delete(STREAM, name).catch(() => {})),
  };
}
