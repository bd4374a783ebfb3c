// A pass that nobody wants any more: a relay that is stopped while NATS takes its time comes here with its end already said,
// and a database that is closed by then must not end the process as a bug would.
import { expect, test } from "bun:test";
import type { NatsLink } from "../../../lib/events/nats_connection.ts";
import type { Publisher } from "../../../lib/events/publisher.ts";
import { relayPass } from "../../../lib/events/relay_pass.ts";

test("a pass whose end was said before it began asks the database for nothing", async () => {
  let asked = 0;
  const gone = () => {
    asked++;
    return Promise.reject(new Error("the connection to PostgreSQL closed"));
  };
  const result = await relayPass({
    database: { sql: gone, transaction: gone, listen: () => ({ close: async () => {} }) },
    link: {} as NatsLink,
    stream: { subjects: [], duplicateWindowMs: 1_000 },
    publisher: {} as Publisher,
    signal: AbortSignal.abort(),
    provenSince: null,
    onPublished: () => {},
  });
  // What nobody awaited would be told of by now, and fail the test.
  await Bun.sleep(0);
  expect(result).toEqual({ refused: [], stale: [] });
  expect(asked).toBe(0);
});
