// A progress event noted while NATS is up, down, or hanging, against a hub that was told of no NATS: whoever changes
// something must not pay for whoever is told of it.
import { join } from "node:path";
import { type NatsServer, natsServer } from "../support/nats_server.ts";
import type { Bench } from "./bench.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import { type BenchService, startHub } from "./bench_service.ts";
import { loadOverHttp } from "./load.ts";
import { inTurn } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { addEvents } from "./waiting_events.ts";

const CLIENTS = 8;
const REQUESTS = 1_000;
const WARM_UP = 200;
/** Short turns, and more of them: a disk that is slow for some seconds must not hit one side alone. */
const TURNS_A_ROUND = 4;
/** What the relay has to try with all the time. */
const WAITING_EVENTS = 2_000;
const BODY = JSON.stringify({ event_type: "bench", source: "bench", summary: "A step", detail: { step: 1 } });

type State = "up" | "down" | "hanging";

export async function progressPostRow(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const state of ["up", "down", "hanging"] as const) rows.push(await postRow(bench, state));
  return rows;
}

async function postRow({ folder, hub, rounds }: Bench, state: State): Promise<Row> {
  const nats = await natsServer();
  const urls = { told: await hub.fresh(), plain: await hub.fresh() };
  const log = (side: string) => join(folder, `post-${state}-${side}.log`);
  if (state !== "down") await nats.start();
  const told = await startHub(log("told"), { DATABASE_URL: urls.told, NATS_URL: nats.url });
  const plain = await startHub(log("plain"), { DATABASE_URL: urls.plain });
  try {
    await bringTo(state, { nats, told, url: urls.told });
    const pairs = await inTurn(rounds * TURNS_A_ROUND, {
      measured: () => posted(told),
      reference: () => posted(plain),
    });
    const what = `POST /progress/ with NATS ${state}, ${CLIENTS} clients: median`;
    return ratioRow({ what, reference: "without NATS_URL", atMost: 1.1 }, pairs);
  } finally {
    nats.resume();
    await Promise.all([told.stop(), plain.stop()]);
    await nats.stop();
    await Promise.all([hub.drop(urls.told), hub.drop(urls.plain)]);
  }
}

/** In the state, and the relay at work: it says so in its log. */
async function bringTo(state: State, { nats, told, url }: { nats: NatsServer; told: BenchService; url: HubUrl }) {
  await told.logged(state === "down" ? /"event":"relay_unreachable"/ : /"event":"relay_relaying"/);
  if (state === "hanging") nats.pause();
  await withDatabase(url, ({ sql }) => addEvents(sql, WAITING_EVENTS));
  if (state === "hanging") await told.logged(/"event":"relay_(unanswered|unreachable)"/);
}

async function posted({ url }: BenchService): Promise<number> {
  const asks = [{ method: "POST", path: "/progress/", body: BODY, status: 201 }];
  return (await loadOverHttp({ url, clients: CLIENTS, warmUp: WARM_UP, requests: REQUESTS, asks })).p50;
}
