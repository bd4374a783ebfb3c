// The fingerprint of a large table against the least that says anything of its content: one sum of one hash of each row's text, by
// PostgreSQL's own parallel workers. What buckets, the second seed, short statements and locks add.
import postgres from "postgres";
import { fingerprint } from "../../lib/postgres/fingerprint/fingerprint.ts";
import { PINNED_SETTINGS } from "../../lib/postgres/fingerprint/pinned_settings.ts";
import type { Bench } from "./bench.ts";
import type { HubUrl } from "./bench_hub.ts";
import { WIDE_TABLE } from "./filled_hub.ts";
import { inTurn, timed } from "./measure.ts";
import { JOBS, snapshotOf } from "./plain_copy.ts";
import { type Row, ratioRow } from "./result_table.ts";

const FILLING = { tasks: 0, progressEvents: 0 };
const WORKERS = 2;
const SUM = `select sum(hashtextextended(t::text, 0)) from ${WIDE_TABLE} t`;

export async function fingerprintRow({ filled, rounds, rows }: Bench): Promise<Row[]> {
  const url = await filled.of({ ...FILLING, wideRows: rows });
  const plain = plainSession(url);
  const snapshot = await snapshotOf(url);
  try {
    const workers = await launchedWorkers(plain);
    const pairs = await inTurn(rounds, {
      measured: () => timed(() => fingerprint(snapshot)),
      reference: () => timed(() => plain.unsafe(SUM)),
    });
    const what = `fingerprint of ${rows.toLocaleString("en")} rows with ${JOBS} sessions`;
    const row = ratioRow({ what, reference: `sum of one hash a row, ${workers} parallel workers`, atMost: 2.2 }, pairs);
    return [{ ...row, met: row.met && workers === WORKERS }];
  } finally {
    await snapshot.close();
    await plain.end();
  }
}

function plainSession(url: HubUrl): postgres.Sql {
  const { jit = "off", TimeZone = "UTC", extra_float_digits = "3" } = PINNED_SETTINGS;
  const connection = { jit, TimeZone, extra_float_digits, max_parallel_workers_per_gather: String(WORKERS) };
  return postgres(url, { max: 1, fetch_types: false, onnotice: () => {}, connection: connection as never });
}

async function launchedWorkers(sql: postgres.Sql): Promise<number> {
  const plan = await sql.unsafe<{ "QUERY PLAN": string }[]>(`explain (analyze, costs off, timing off) ${SUM}`);
  return Number(/Workers Launched: (\d+)/.exec(plan.map((line) => line["QUERY PLAN"]).join("\n"))?.[1] ?? 0);
}
