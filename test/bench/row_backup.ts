// An encrypted backup into a folder, as its own process, against pg_dump -Fc | age: what splitting, fingerprint, checksums and
// manifest add. The fingerprint is what makes it more than a dump: alone, it is measured in the same rounds and taken off.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { libpqEnvironment } from "../../lib/postgres/client/libpq_environment.ts";
import { fingerprint } from "../../lib/postgres/fingerprint/fingerprint.ts";
import { pipeline } from "../../lib/process/pipeline.ts";
import type { Bench } from "./bench.ts";
import type { HubUrl } from "./bench_hub.ts";
import { inTurn, spread, timed } from "./measure.ts";
import { JOBS, liveSource, snapshotOf } from "./plain_copy.ts";
import { ms, type Row, ratioRow } from "./result_table.ts";
import { type DrillCost, runDrill, stagesLine } from "./run_drill.ts";
import { runProgram } from "./run_script.ts";

const FILLING = { tasks: 2_000, progressEvents: 20_000 };

export async function backupRow({ folder, filled, rounds, rows }: Bench): Promise<Row[]> {
  const url = await filled.of({ ...FILLING, wideRows: rows });
  const home = join(folder, "backup-home");
  mkdirSync(home);
  chmodSync(home, 0o711);
  const recipient = await newRecipient(join(home, "key"));
  const [prints, costs]: [number[], DrillCost[]] = [[], []];
  const pairs = await inTurn(rounds, {
    measured: async (round) => {
      const print = await fingerprintAlone(url);
      const cost = await backedUp({ url, home, store: join(home, `store-${round}`), recipient });
      if (round > 0) prints.push(print);
      costs.push(cost);
      return cost.ms - print;
    },
    reference: () => plainBackup(url, join(home, "plain.age"), recipient),
  });
  const what = `encrypted backup of ${rows.toLocaleString("en")} rows into a folder, --jobs ${JOBS}, less its fingerprint`;
  const row = ratioRow({ what, reference: "pg_dump -Fc | age, the same compression", atMost: 1.1 }, pairs);
  const taken = `the fingerprint alone, with ${JOBS} sessions: ${ms(spread(prints).median)}`;
  return [{ ...row, remarks: [taken, stagesLine(costs.at(-1)?.stages ?? [])] }];
}

async function newRecipient(file: string): Promise<string> {
  await runProgram(["age-keygen", "-o", file]);
  return (await runProgram(["age-keygen", "-y", file])).stdout.trim();
}

async function fingerprintAlone(url: HubUrl): Promise<number> {
  const snapshot = await snapshotOf(url);
  try {
    return await timed(() => fingerprint(snapshot));
  } finally {
    await snapshot.close();
  }
}

interface Asked {
  readonly url: HubUrl;
  readonly home: string;
  readonly store: string;
  readonly recipient: string;
}

async function backedUp({ url, home, store, recipient }: Asked): Promise<DrillCost> {
  const cost = await runDrill({ url, home, args: ["backup", "--store", store, "--encrypt", recipient] });
  rmSync(store, { recursive: true });
  return cost;
}

async function plainBackup(url: HubUrl, output: string, recipient: string): Promise<number> {
  const { programs, url: secret } = await liveSource(url);
  const dump = [join(programs.directory, "pg_dump"), "--format=custom", "--compress=1"];
  const env = libpqEnvironment(secret, environmentForPrograms());
  const taken = await timed(async () => {
    const { exitCodes, stderr } = await pipeline([dump, ["age", "--recipient", recipient]], { env, output });
    if (exitCodes.some((code) => code !== 0)) throw new Error(stderr);
  });
  rmSync(output);
  return taken;
}
