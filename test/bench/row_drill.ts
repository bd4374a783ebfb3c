// A whole drill of a hub with a large table, as its own process, against a dump and a restore with nothing checked; and its memory
// over ten times the rows.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inTurn, type Pair, ratios, spread } from "./measure.ts";
import { JOBS, plainCopy } from "./plain_copy.ts";
import { megabytes, ms, type Row, range, ratioRow } from "./result_table.ts";
import { type DrillCost, runDrill, stagesLine } from "./run_drill.ts";

const FILLING = { tasks: 2_000, progressEvents: 20_000 };
const PEAK_AT_MOST_BYTES = 150_000_000;
/** What "flat" allows: ten times the rows, a tenth more memory. */
const FLAT_AT_MOST = 1.1;

export async function drillRow({ folder, filled, rounds, rows }: Bench): Promise<Row[]> {
  const [url, tenth] = [
    await filled.of({ ...FILLING, wideRows: rows }),
    await filled.of({ ...FILLING, wideRows: Math.ceil(rows / 10) }),
  ];
  const home = join(folder, "drill-home");
  mkdirSync(home);
  chmodSync(home, 0o711);
  const costs: DrillCost[] = [];
  const copies: number[] = [];
  const pairs = await inTurn(rounds, {
    measured: async () => {
      const cost = await runDrill({ url, home, args: [] });
      costs.push(cost);
      return cost.ms;
    },
    reference: async (round) => {
      const cost = await plainCopy(url, join(folder, `plain-${round}`));
      if (round > 0) copies.push(cost.dumpAndRestore);
      return cost.server + cost.dumpAndRestore;
    },
  });
  const small = await runDrill({ url: tenth, home, args: [] });
  const what = `whole drill of ${rows.toLocaleString("en")} rows, --jobs ${JOBS}`;
  const reference = "a disposable server, the same pg_dump -Fd and pg_restore, nothing checked";
  const row = ratioRow({ what, reference, atMost: 1.6 }, pairs);
  const remarks = [withoutServer(pairs, copies), stagesLine(costs.at(-1)?.stages ?? [])];
  return [{ ...row, remarks }, memory(rows, costs, small)];
}

/** The harder question, for whoever has a server at hand: its share grows smaller with the rows. */
function withoutServer(pairs: readonly Pair[], copies: readonly number[]): string {
  const ratio = ratios(pairs.map(({ measured }, round) => ({ measured, reference: copies[round] ?? Number.NaN })));
  const alone = ms(spread(copies).median);
  return `against pg_dump and pg_restore alone (${alone}), the server's start and end not counted: ${range(ratio, (value) => value.toFixed(2))} x`;
}

function memory(rows: number, costs: readonly DrillCost[], small: DrillCost): Row {
  const peak = spread(costs.map(({ peakBytes }) => peakBytes));
  const grown = peak.median / small.peakBytes;
  return {
    what: `peak memory of the drill's process over ${rows.toLocaleString("en")} rows`,
    measured: megabytes(peak.max),
    reference: `over ${Math.ceil(rows / 10).toLocaleString("en")} rows: ${megabytes(small.peakBytes)}`,
    ratio: grown.toFixed(2),
    atMost: `${megabytes(PEAK_AT_MOST_BYTES)}, ${FLAT_AT_MOST} x`,
    met: peak.max < PEAK_AT_MOST_BYTES && grown <= FLAT_AT_MOST,
    remarks: [],
  };
}
