// The last few events of one kind among a million, against the same among a thousand: a list that reads more than it gives
// gets slower with every year that a hub runs.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type BenchService, startHub } from "./bench_service.ts";
import { EVENT_TYPE } from "./filled_hub.ts";
import { loadOverHttp } from "./load.ts";
import { inTurn } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";

const TASKS = 100_000;
const [MANY, FEW] = [1_000_000, 1_000];
const PATH = `/progress/?event_type=${EVENT_TYPE}&limit=5`;
const CLIENTS = 4;
const REQUESTS = 2_000;
const WARM_UP = 200;
const TURNS_A_ROUND = 4;

export async function progressListRow({ folder, filled, rounds }: Bench): Promise<Row[]> {
  const start = async (name: string, progressEvents: number) =>
    startHub(join(folder, `${name}.log`), { DATABASE_URL: await filled.of({ tasks: TASKS, progressEvents }) });
  const [many, few] = [await start("progress-many", MANY), await start("progress-few", FEW)];
  const listed = async ({ url }: BenchService) => {
    const asks = [{ method: "GET", path: PATH, status: 200 }];
    return (await loadOverHttp({ url, clients: CLIENTS, warmUp: WARM_UP, requests: REQUESTS, asks })).p50;
  };
  try {
    const pairs = await inTurn(rounds * TURNS_A_ROUND, { measured: () => listed(many), reference: () => listed(few) });
    const what = `GET ${PATH} among 1 million events, ${CLIENTS} clients: median`;
    return [ratioRow({ what, reference: `among ${FEW.toLocaleString("en")}`, atMost: 1.3 }, pairs)];
  } finally {
    await Promise.all([many.stop(), few.stop()]);
  }
}
