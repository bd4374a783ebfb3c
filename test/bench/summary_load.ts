// The yardstick of the summary: its own statement, asked by as many clients, over the driver's own pool.
import postgres from "postgres";
import type { Reader } from "../../lib/db/handles.ts";
import { readSummary } from "../../lib/hub/routes/summary_rows.ts";
import type { LoadJob, LoadResult } from "./http_load.ts";
import { percentile } from "./measure.ts";

type SqlJob = Pick<LoadJob, "clients" | "warmUp" | "requests"> & { readonly connections: number };

async function runStatements(sql: Reader, { clients, warmUp, requests }: SqlJob): Promise<LoadResult> {
  const took: number[] = [];
  let [sent, answered, started] = [0, 0, performance.now()];
  const client = async () => {
    while (sent < warmUp + requests) {
      sent++;
      const began = performance.now();
      await readSummary(sql, null);
      if (answered++ >= warmUp) took.push(performance.now() - began);
      if (answered === warmUp) started = performance.now();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { ms: performance.now() - started, p50: percentile(took, 50), p99: percentile(took, 99) };
}

if (import.meta.main) {
  const job = JSON.parse(process.argv[2] ?? "") as SqlJob;
  const sql = postgres(process.env.DATABASE_URL ?? "", {
    max: job.connections,
    fetch_types: false,
    connection: { TimeZone: "UTC" },
  });
  process.stdout.write(JSON.stringify(await runStatements(sql as unknown as Reader, job)));
  await sql.end();
}
