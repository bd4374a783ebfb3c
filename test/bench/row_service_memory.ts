// A hub's memory after 200,000 requests of every kind, against its memory when it was warm: what grows with each request
// ends a service after weeks.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type BenchService, startHub } from "./bench_service.ts";
import type { Ask } from "./http_load.ts";
import { loadOverHttp } from "./load.ts";
import { spread } from "./measure.ts";
import { megabytes, type Row, range } from "./result_table.ts";

const FILLING = { tasks: 2_000, progressEvents: 20_000 };
const WARM = 20_000;
const REQUESTS = 200_000;
/** Memory is read that often: it goes up and down with the garbage collector. */
const PART = 10_000;
/** Read at the beginning and at the end; the median of them counts. */
const READ = 3;
const CLIENTS = 16;
const AT_MOST = 1.1;
const NOBODY = "01900000-0000-7000-8000-00000000dead";
const PROGRESS = JSON.stringify({ event_type: "bench", summary: "A step", detail: { step: 1 } });

/** Reads, writes, and mistakes of every kind: what fails must be let go of as well. */
const ASKS: readonly Ask[] = [
  { method: "GET", path: "/state/health", status: 200 },
  { method: "GET", path: "/state/summary", status: 200 },
  { method: "GET", path: "/progress/?limit=5", status: 200 },
  { method: "GET", path: "/tasks/?status=todo&limit=10", status: 200 },
  { method: "GET", path: "/workstreams/?limit=5", status: 200 },
  { method: "POST", path: "/progress/", body: PROGRESS, status: 201 },
  { method: "POST", path: "/progress/", body: '{"event_type":"Not one"}', status: 422 },
  { method: "POST", path: "/decisions/", body: "{", status: 400 },
  { method: "PATCH", path: `/tasks/${NOBODY}`, body: '{"status":"done"}', status: 428 },
  { method: "GET", path: `/decisions/${NOBODY}`, status: 404 },
  { method: "GET", path: "/nothing/here", status: 404 },
  { method: "GET", path: "/metrics", status: 200 },
];

export async function serviceMemoryRow({ folder, filled }: Pick<Bench, "folder" | "filled">): Promise<Row[]> {
  const service = await startHub(join(folder, "memory.log"), { DATABASE_URL: await filled.of(FILLING) });
  try {
    const read: number[] = [];
    for (let done = 0; done < WARM + REQUESTS; done += PART) {
      await asked(service, PART);
      if (done + PART >= WARM) read.push(service.resident());
    }
    return [memory(read)];
  } finally {
    await service.stop();
  }
}

async function asked({ url }: BenchService, requests: number): Promise<void> {
  await loadOverHttp({ url, clients: CLIENTS, warmUp: 0, requests, asks: ASKS });
}

function memory(read: readonly number[]): Row {
  const [warm, last] = [spread(read.slice(0, READ)), spread(read.slice(-READ))];
  const ratio = { median: last.median / warm.median, min: last.min / warm.max, max: last.max / warm.min };
  return {
    what: `resident memory of the hub after ${REQUESTS.toLocaleString("en")} requests of ${ASKS.length} kinds`,
    measured: megabytes(last.median),
    reference: `after ${WARM.toLocaleString("en")}: ${megabytes(warm.median)}`,
    ratio: range(ratio, (value) => value.toFixed(2)),
    atMost: `${AT_MOST} x`,
    met: ratio.median <= AT_MOST,
    remarks: [`every ${PART.toLocaleString("en")} requests: ${read.map(megabytes).join(", ")}`],
  };
}
