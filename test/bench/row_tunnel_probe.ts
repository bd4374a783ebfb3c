// A round of a watch over the connection that it has, against the bare request through the same forward: what is proven besides
// must cost next to nothing.
import { Agent, request } from "node:http";
import { checkPaths, openPaths } from "../../lib/tunnel/check_all.ts";
import type { Bench } from "./bench.ts";
import { type DistantHub, distantHub, entryOf } from "./distant_hub.ts";
import { inTurn, type Pair, spread } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";

const ROUND_TRIPS_MS = [0, 50];
/** Of each side in turn before the first that counts: what a watch runs is compiled by then. */
const WARM_UP = 200;
/** One takes a millisecond or two: as many as it takes for a median. */
const PROBES_A_ROUND = 20;
const TIMEOUT_MS = 10_000;
const AT_MOST = 1.5;

export async function tunnelProbeRow(bench: Pick<Bench, "folder" | "hub" | "rounds">): Promise<Row[]> {
  const hub = await distantHub(bench, "tunnel-probe");
  try {
    const rows: Row[] = [];
    for (const roundTripMs of ROUND_TRIPS_MS) rows.push(await warmProbe(hub, roundTripMs, bench.rounds));
    return rows;
  } finally {
    await hub.stop();
  }
}

async function warmProbe(hub: DistantHub, roundTripMs: number, rounds: number): Promise<Row> {
  const paths = openPaths(hub.tunnels(1), hub.terms);
  const agent = new Agent({ keepAlive: true });
  const probe = async () => {
    const started = performance.now();
    const report = await checkPaths(paths, { timeoutMs: TIMEOUT_MS, signal: new AbortController().signal });
    if (report.verdict !== "healthy") throw new Error(`Not healthy: ${JSON.stringify(report)}`);
    return performance.now() - started;
  };
  try {
    await hub.delay(0);
    await probe();
    const bare = () => get(entryOf(paths), agent);
    await inTurn(WARM_UP, { measured: probe, reference: bare });
    await hub.delay(roundTripMs);
    const pairs: Pair[] = [];
    while (pairs.length < rounds)
      pairs.push(medians(await inTurn(PROBES_A_ROUND, { measured: probe, reference: bare })));
    const what = `a round of \`--watch\` over an open tunnel, ${roundTripMs} ms away`;
    return ratioRow({ what, reference: "a GET through the same forward", atMost: AT_MOST }, pairs);
  } finally {
    for (const path of paths) path.close();
    agent.destroy();
  }
}

function medians(pairs: readonly Pair[]): Pair {
  const of = (side: keyof Pair) => spread(pairs.map((pair) => pair[side])).median;
  return { measured: of("measured"), reference: of("reference") };
}

/** @returns milliseconds to the end of its answer */
function get(port: number, agent: Agent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const started = performance.now();
  const asked = request({ host: "127.0.0.1", port, path: "/state/health", agent }, (response) => {
    response.resume().once("end", () => resolve(performance.now() - started));
  });
  asked.once("error", reject).end();
  return promise;
}
