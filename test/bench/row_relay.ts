// Events that waited for NATS, brought to it by the relay, against the bare client that sends the same ones and waits for
// the same acknowledgements: what claiming, marking and never losing one costs.

import { type NatsServer, natsServer } from "../support/nats_server.ts";
import type { Bench } from "./bench.ts";
import { withDatabase } from "./bench_hub.ts";
import { loadFrom } from "./load.ts";
import { inTurn } from "./measure.ts";
import type { RelayJob, RelayResult } from "./relay_load.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { addEvents } from "./waiting_events.ts";

const EVENTS = 100_000;

export async function relayRow({ hub, rounds }: Bench): Promise<Row[]> {
  const nats = await natsServer();
  const url = await hub.fresh();
  const side = (by: RelayJob["by"]) => async () => {
    await withDatabase(url, async ({ sql }) => {
      await sql`truncate outbox`;
      await addEvents(sql, EVENTS);
      await sql`vacuum analyze outbox`;
    });
    return sent(nats, by, url);
  };
  await nats.start();
  try {
    const pairs = await inTurn(rounds, { measured: side("relay"), reference: side("client") });
    const what = `relaying ${EVENTS.toLocaleString("en")} events after an outage`;
    return [ratioRow({ what, reference: "publishing them with the bare client, pipelined", atMost: 2 }, pairs)];
  } finally {
    await nats.stop();
  }
}

/** @throws Error unless the stream has each of them once */
async function sent(nats: NatsServer, by: RelayJob["by"], url: string): Promise<number> {
  const job: RelayJob = { by, nats: nats.url, events: EVENTS };
  const { ms, stored } = await loadFrom<RelayResult>("relay_load.ts", job, { DATABASE_URL: url });
  if (stored !== EVENTS) throw new Error(`the stream has ${stored} events, not ${EVENTS}`);
  return ms;
}
