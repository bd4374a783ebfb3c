// `npm run bench`: what the toolkit promises about speed and memory, measured on real repositories and a real PostgreSQL
// that come and go with the run. Prints a Markdown table; exit 1 when a bar is missed.
// Usage: npm run bench -- [NAME]... [--rounds N] [--rows N]
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import type { Bench } from "./bench.ts";
import { BenchHub, killServerOf } from "./bench_hub.ts";
import { FilledHubs } from "./filled_hub.ts";
import { Fleet } from "./fleet.ts";
import { ROUNDS } from "./measure.ts";
import { machineLine, type Row, renderTable } from "./result_table.ts";
import { backupRow } from "./row_backup.ts";
import { compareRow } from "./row_compare.ts";
import { drillRow } from "./row_drill.ts";
import { drillLiveRow } from "./row_drill_live.ts";
import { fingerprintRow } from "./row_fingerprint.ts";
import { firstRow } from "./row_first.ts";
import { helpRow } from "./row_help.ts";
import { memoryRow } from "./row_memory.ts";
import { progressListRow } from "./row_progress_list.ts";
import { progressPostRow } from "./row_progress_post.ts";
import { readRow } from "./row_read.ts";
import { relayRow } from "./row_relay.ts";
import { routeRow } from "./row_route.ts";
import { serviceMemoryRow } from "./row_service_memory.ts";
import { summaryRow } from "./row_summary.ts";
import { sweepChangedRow, sweepGrowthRow, sweepRow } from "./row_sweep.ts";
import { sweepDistantRow } from "./row_sweep_distant.ts";
import { sweepFirstRow } from "./row_sweep_first.ts";
import { tunnelMemoryRow } from "./row_tunnel_memory.ts";
import { tunnelProbeRow } from "./row_tunnel_probe.ts";
import { tunnelsRow } from "./row_tunnels.ts";
import { changedRow, unchangedRow } from "./row_unchanged.ts";

const ROWS: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  read: readRow,
  first: firstRow,
  unchanged: unchangedRow,
  changed: changedRow,
  help: helpRow,
  memory: memoryRow,
  sweep: sweepRow,
  "sweep-distant": sweepDistantRow,
  "sweep-changed": sweepChangedRow,
  "sweep-first": sweepFirstRow,
  "sweep-growth": sweepGrowthRow,
  route: routeRow,
  summary: summaryRow,
  "progress-list": progressListRow,
  "progress-post": progressPostRow,
  relay: relayRow,
  compare: compareRow,
  "service-memory": serviceMemoryRow,
  fingerprint: fingerprintRow,
  backup: backupRow,
  drill: drillRow,
  "drill-live": drillLiveRow,
  tunnels: tunnelsRow,
  "tunnel-probe": tunnelProbeRow,
  "tunnel-memory": tunnelMemoryRow,
};

const EXIT_MISSED = 1;
const EXIT_USAGE = 64;

/** Rows of the databases that are copied, unless --rows says more: ten million take an hour of all rounds. */
const ROWS_TO_COPY = 1_000_000;

interface Request {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly rows: number;
}

/** @returns null for arguments that make no sense */
function readArguments(argv: readonly string[]): Request | null {
  try {
    const options = { rounds: { type: "string" }, rows: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const names = positionals.length > 0 ? positionals : Object.keys(ROWS);
    const rounds = Number(values.rounds ?? ROUNDS);
    const rows = Number(values.rows ?? ROWS_TO_COPY);
    const counts = [rounds, rows].every((count) => Number.isInteger(count) && count > 0);
    return counts && names.every((name) => Object.hasOwn(ROWS, name)) ? { names, rounds, rows } : null;
  } catch {
    return null;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const request = readArguments(argv);
  if (request === null) {
    say(`Could not run the benchmark: wanted [${Object.keys(ROWS).join("|")}]... [--rounds N] [--rows N]`);
    return EXIT_USAGE;
  }
  // Named like a test's folder: a run that was killed is tidied up by the next test run.
  const folder = mkdtempSync(join(tmpdir(), `state-hub-test-${process.pid}-`));
  chmodSync(folder, 0o755);
  const removeAtOnce = () => {
    killServerOf(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  process.once("exit", removeAtOnce);
  const hub = await BenchHub.start(folder);
  try {
    const rows = await measureAll(request, {
      folder,
      hub,
      filled: new FilledHubs(hub),
      fleet: fleetBelow(folder),
      rounds: request.rounds,
      rows: request.rows,
    });
    const about = { rounds: request.rounds, postgres: hub.version, disk: await diskOf(folder) };
    process.stdout.write(`${renderTable(rows)}\n\n${machineLine(about)}\n`);
    for (const { what, remarks } of rows)
      if (remarks.length > 0) process.stdout.write(`\n${what}: ${remarks.join("; ")}\n`);
    return rows.every(({ met }) => met) ? 0 : EXIT_MISSED;
  } finally {
    await hub.stop();
  }
}

async function measureAll({ names }: Request, bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of names) {
    say(`Measuring ${name}`);
    rows.push(...((await ROWS[name]?.(bench)) ?? []));
  }
  return rows;
}

function fleetBelow(folder: string): Fleet {
  const repos = join(folder, "repos");
  mkdirSync(repos);
  return new Fleet(repos);
}

/** The file system's type, as df names it: a benchmark on tmpfs says little about a disk. */
async function diskOf(folder: string): Promise<string> {
  const asked = await run(["df", "--output=fstype,source", folder], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
  return asked.stdout.trim().split("\n").at(-1)?.trim().split(/\s+/).join(" on ") || "disk unknown";
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
