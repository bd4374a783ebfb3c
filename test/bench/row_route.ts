// A route that does next to nothing, through the hub's whole request path and through Hono alone: what the guard, the
// request id, the checks, the log line and the metrics cost together.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type BenchService, startProgram } from "./bench_service.ts";
import { loadOverHttp } from "./load.ts";
import { inTurn, ratios, spread } from "./measure.ts";
import { MINIMAL_PATH } from "./minimal_server.ts";
import { type Row, range } from "./result_table.ts";

const REQUESTS = 40_000;
/** Short turns, and more of them: somebody else's work must not hit one side alone. */
const TURNS_A_ROUND = 4;
const CLIENTS = 32;
const AT_LEAST = 0.7;

interface Run {
  /** Requests a second. */
  readonly rate: number;
  /** Processor time of the server for a request, in microseconds. */
  readonly cost: number;
  /** Share of one processor that the server had: well below 1, it waited for its clients or for somebody else. */
  readonly busy: number;
}

export async function routeRow({ folder, rounds }: Pick<Bench, "folder" | "rounds">): Promise<Row[]> {
  const start = (kind: string) => startProgram("minimal_server.ts", [kind], join(folder, `route-${kind}.log`));
  const [ours, bare] = await Promise.all([start("ours"), start("bare")]);
  const runs: { readonly ours: Run[]; readonly bare: Run[] } = { ours: [], bare: [] };
  const rateOf = async (service: BenchService, into: Run[]) => {
    const run = await loaded(service);
    into.push(run);
    return run.rate;
  };
  try {
    await requireSame(ours, bare);
    const pairs = await inTurn(rounds * TURNS_A_ROUND, {
      measured: () => rateOf(ours, runs.ours),
      reference: () => rateOf(bare, runs.bare),
    });
    const ratio = ratios(pairs);
    const [measured, reference] = [runs.ours.slice(1), runs.bare.slice(1)];
    return [
      {
        what: `requests a second of a minimal route, ${CLIENTS} clients`,
        measured: thousands(measured),
        reference: `Hono alone: ${thousands(reference)}`,
        ratio: range(ratio, (value) => value.toFixed(2)),
        atMost: `at least ${AT_LEAST} x`,
        met: ratio.median >= AT_LEAST,
        remarks: [costs(measured, reference)],
      },
    ];
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
  }
}

/** @throws Error when one of them does another work than the other */
async function requireSame(...services: readonly BenchService[]): Promise<void> {
  const answers = await Promise.all(services.map(async ({ url }) => (await fetch(`${url}${MINIMAL_PATH}`)).text()));
  if (new Set(answers).size !== 1) throw new Error(`not the same answers: ${answers.join(" ")}`);
}

async function loaded(service: BenchService): Promise<Run> {
  const asks = [{ method: "GET", path: MINIMAL_PATH, status: 200 }];
  const before = service.processorMs();
  const { ms } = await loadOverHttp({ url: service.url, clients: CLIENTS, warmUp: 0, requests: REQUESTS, asks });
  const used = service.processorMs() - before;
  return { rate: REQUESTS / (ms / 1000), cost: (used * 1000) / REQUESTS, busy: used / ms };
}

function thousands(runs: readonly Run[]): string {
  return `${(spread(runs.map(({ rate }) => rate)).median / 1000).toFixed(1)} k/s`;
}

function costs(measured: readonly Run[], reference: readonly Run[]): string {
  const cost = (runs: readonly Run[]) => `${spread(runs.map((run) => run.cost)).median.toFixed(1)} µs`;
  const busy = (runs: readonly Run[]) => `${Math.round(100 * spread(runs.map((run) => run.busy)).median)} %`;
  return `processor time a request: ${cost(measured)} against ${cost(reference)}; the servers had a processor for ${busy(measured)} and ${busy(reference)} of the time, their clients the other one`;
}
