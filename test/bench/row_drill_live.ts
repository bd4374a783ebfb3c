// What a drill with --jobs 1 costs those who work on the same server meanwhile: pgbench's transactions a second while it runs,
// against as many just before or after it. Drill, copy, server and pgbench share one machine here, which is the worst case.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { libpqEnvironment } from "../../lib/postgres/client/libpq_environment.ts";
import type { Bench } from "./bench.ts";
import type { HubUrl } from "./bench_hub.ts";
import { inTurn, ratios, spread } from "./measure.ts";
import { liveSource } from "./plain_copy.ts";
import { type Row, range } from "./result_table.ts";
import { type DrillCost, runDrill, stagesLine } from "./run_drill.ts";
import { runProgram } from "./run_script.ts";

const FILLING = { tasks: 2_000, progressEvents: 20_000 };
const CLIENTS = 2;
/** Fifty branches: two clients seldom meet. All of them are updated so often that the age of a snapshot shows, as a hub's would not. */
const SCALE = 50;
/** Of a round without a drill; long enough for pgbench's own ups and downs. */
const QUIET_MS = 20_000;
const SLOWER_AT_MOST = 0.15;

export async function drillLiveRow({ folder, hub, filled, rounds, rows }: Bench): Promise<Row[]> {
  const url = await hub.fresh(await filled.of({ ...FILLING, wideRows: rows }));
  const home = join(folder, "live-home");
  mkdirSync(home);
  chmodSync(home, 0o711);
  const pgbench = await prepared(url);
  const costs: DrillCost[] = [];
  const pairs = await inTurn(rounds, {
    measured: () =>
      pgbench.during(async () => {
        costs.push(await runDrill({ url, home, args: ["--jobs", "1"] }));
      }),
    reference: () => pgbench.during(() => Bun.sleep(QUIET_MS)),
  });
  await hub.drop(url);
  return [slowDown(rows, pairs, costs)];
}

interface Pgbench {
  /** Transactions a second while the work went on. */
  during(work: () => Promise<void>): Promise<number>;
}

async function prepared(url: HubUrl): Promise<Pgbench> {
  const { programs, url: secret } = await liveSource(url);
  const program = join(programs.directory, "pgbench");
  const env = libpqEnvironment(secret, environmentForPrograms());
  await runProgram([program, "--initialize", "--quiet", `--scale=${SCALE}`], env);
  const during = async (work: () => Promise<void>) => {
    const argv = [program, `--client=${CLIENTS}`, "--time=86400", "--no-vacuum"];
    const child = Bun.spawn(argv, { env, stdio: ["ignore", "pipe", "pipe"] });
    try {
      await work();
    } finally {
      // Its own clock's signal: pgbench takes it for the end of --time, and says what it has counted.
      child.kill("SIGALRM");
    }
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const tps = Number(/^tps = ([\d.]+)/m.exec(out)?.[1]);
    if (!(tps > 0) || (await child.exited) !== 0) throw new Error(`pgbench: ${out}${err}`);
    return tps;
  };
  return { during };
}

function slowDown(rows: number, pairs: Awaited<ReturnType<typeof inTurn>>, costs: readonly DrillCost[]): Row {
  const kept = ratios(pairs);
  const lost = { median: 1 - kept.median, min: 1 - kept.max, max: 1 - kept.min };
  const shown = (side: "measured" | "reference") => `${Math.round(spread(pairs.map((pair) => pair[side])).median)} tps`;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return {
    what: `pgbench -c ${CLIENTS} during a drill of ${rows.toLocaleString("en")} rows, --jobs 1`,
    measured: shown("measured"),
    reference: `without a drill: ${shown("reference")}`,
    ratio: `slower by ${range(lost, percent)}`,
    atMost: percent(SLOWER_AT_MOST),
    met: lost.median <= SLOWER_AT_MOST,
    remarks: [stagesLine(costs.at(-1)?.stages ?? [])],
  };
}
