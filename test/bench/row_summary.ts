// The summary under many clients at once against its own statement under as many: what the hub adds to PostgreSQL's work,
// or spares it, where it hurts the slowest.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { startHub } from "./bench_service.ts";
import type { LoadResult } from "./http_load.ts";
import { loadFrom, loadOverHttp } from "./load.ts";
import { inTurn } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";

const FILLING = { tasks: 100_000, progressEvents: 1_000_000 };
const CLIENTS = 50;
/** Twenty of them are beyond the 99th percentile. */
const REQUESTS = 2_000;
const WARM_UP = 200;

export async function summaryRow({ folder, filled, rounds }: Bench): Promise<Row[]> {
  const url = await filled.of(FILLING);
  const service = await startHub(join(folder, "summary.log"), { DATABASE_URL: url });
  const load = { clients: CLIENTS, warmUp: WARM_UP, requests: REQUESTS };
  const asks = [{ method: "GET", path: "/state/summary", status: 200 }];
  try {
    const connections = await readersOf(service.url);
    const pairs = await inTurn(rounds, {
      measured: async () => (await loadOverHttp({ ...load, url: service.url, asks })).p99,
      reference: async () =>
        (await loadFrom<LoadResult>("summary_load.ts", { ...load, connections }, { DATABASE_URL: url })).p99,
    });
    const what = `GET /state/summary of 100,000 tasks and 1 million progress events, ${CLIENTS} clients: 99th percentile`;
    const reference = `its statement through ${connections} connections of postgres.js`;
    return [ratioRow({ what, reference, atMost: 2 }, pairs)];
  } finally {
    await service.stop();
  }
}

/** With how many connections the hub reads, as it says itself. */
async function readersOf(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const said = /^state_hub_pool_connections\{pool="readers"\} (\d+)$/m.exec(metrics)?.[1];
  if (said === undefined) throw new Error("the hub does not say how many connections it reads with");
  return Number(said);
}
