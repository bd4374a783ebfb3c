// Peak memory of the whole process at 100 and at 1,000 repositories: a fleet that grows must not grow the process.
import type { Bench } from "./bench.ts";
import type { HubUrl } from "./bench_hub.ts";
import { inTurn, ratios, spread } from "./measure.ts";
import { megabytes, type Row, range } from "./result_table.ts";
import { costOfCheck } from "./run_script.ts";

const SMALL = 100;
const LARGE = 1_000;
const AT_MOST_BYTES = 200_000_000;
/** What "flat" allows: ten times the repositories, half more memory. */
const FLAT_AT_MOST = 1.5;

export async function memoryRow(bench: Bench): Promise<Row[]> {
  const repos = await bench.fleet.repos(LARGE);
  const unread = { small: await bench.hub.knowing(repos.slice(0, SMALL)), large: await bench.hub.knowing(repos) };
  const settled: { small: HubUrl; large: HubUrl } = { small: "", large: "" };
  const firstPeak = async (size: "small" | "large") => {
    if (settled[size] !== "") await bench.hub.drop(settled[size]);
    settled[size] = await bench.hub.fresh(unread[size]);
    return (await costOfCheck(settled[size], ["--all"])).peakBytes;
  };
  const first = await inTurn(bench.rounds, {
    measured: () => firstPeak("large"),
    reference: () => firstPeak("small"),
  });
  const again = await inTurn(bench.rounds, {
    measured: async () => (await costOfCheck(settled.large, ["--all"])).peakBytes,
    reference: async () => (await costOfCheck(settled.small, ["--all"])).peakBytes,
  });
  return [memory("first reconciliation", first), memory("nothing changed", again)];
}

function memory(what: string, pairs: Awaited<ReturnType<typeof inTurn>>): Row {
  const large = spread(pairs.map(({ measured }) => measured));
  const ratio = ratios(pairs);
  return {
    what: `peak memory over ${LARGE.toLocaleString("en")} repos, ${what}`,
    measured: megabytes(large.median),
    reference: `over ${SMALL} repos: ${megabytes(spread(pairs.map(({ reference }) => reference)).median)}`,
    ratio: range(ratio, (value) => value.toFixed(2)),
    atMost: `${megabytes(AT_MOST_BYTES)}, ${FLAT_AT_MOST} x`,
    met: large.max < AT_MOST_BYTES && ratio.median <= FLAT_AT_MOST,
    remarks: [],
  };
}
