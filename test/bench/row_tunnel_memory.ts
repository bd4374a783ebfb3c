// A watch after 10,000 rounds, against itself when it was warm: it runs for months. Its rounds are a second apart at least; here
// many watches share a process, four rounds a second each, so that it ends within minutes.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { distantHub } from "./distant_hub.ts";
import { loadFrom } from "./load.ts";
import { spread } from "./measure.ts";
import { megabytes, type Row, range } from "./result_table.ts";
import type { Reading, WatchJob, WatchResult } from "./watch_rounds.ts";

const WARM = 2_000;
const ROUNDS = 10_000;
const READ_EVERY = 500;
const WATCHES = 20;
const INTERVAL_MS = 250;
/** Memory goes up and down with the collector: the median of so many readings counts, at the beginning and at the end. */
const READ = 3;
const RESIDENT_AT_MOST = 1.1;
/** An object that each round leaves behind would be a fifth more. */
const OBJECTS_AT_MOST = 1.02;
/** On a busy machine a round may not end in its time; a watch that only does that would prove nothing. */
const UNHEALTHY_AT_MOST = 0.01;

export async function tunnelMemoryRow({ folder, hub }: Pick<Bench, "folder" | "hub">): Promise<Row[]> {
  const distant = await distantHub({ folder, hub }, "tunnel-memory");
  try {
    const job: WatchJob = {
      config: distant.listOf(1),
      home: join(folder, "watches"),
      watches: WATCHES,
      // The last reading does not count: by then some of the watches have closed what they had open.
      rounds: WARM + ROUNDS + READ_EVERY,
      intervalMs: INTERVAL_MS,
      readEvery: READ_EVERY,
    };
    return rowsOf(await loadFrom<WatchResult>("watch_rounds.ts", job));
  } finally {
    await distant.stop();
  }
}

function rowsOf({ read, unhealthy }: WatchResult): Row[] {
  const counted = read.slice(WARM / READ_EVERY - 1, -1);
  const files = [counted[0]?.files ?? Number.NaN, counted.at(-1)?.files ?? Number.NaN] as const;
  const ran = files[1] <= files[0] && unhealthy <= UNHEALTHY_AT_MOST * ROUNDS;
  const remarks = [
    `${WATCHES} watches in one process, a round each ${INTERVAL_MS} ms`,
    `open files: ${files.join(", at the end ")}`,
    `rounds that did not find it healthy: ${unhealthy}`,
  ];
  const resident = flat(counted, { kind: "resident", name: "resident memory", atMost: RESIDENT_AT_MOST });
  const objects = flat(counted, { kind: "objects", name: "live objects", atMost: OBJECTS_AT_MOST });
  const seen = `every ${READ_EVERY} rounds from the start: ${read.map((each) => megabytes(each.resident)).join(", ")}`;
  return [
    { ...resident, met: resident.met && ran, remarks: [...remarks, seen] },
    { ...objects, met: objects.met && ran },
  ];
}

interface Kind {
  readonly kind: "resident" | "objects";
  readonly name: string;
  readonly atMost: number;
}

function flat(read: readonly Reading[], { kind, name, atMost }: Kind): Row {
  const values = read.map((each) => each[kind]);
  const [warm, last] = [spread(values.slice(0, READ)), spread(values.slice(-READ))];
  const ratio = { median: last.median / warm.median, min: last.min / warm.max, max: last.max / warm.min };
  const shown = kind === "resident" ? megabytes : (count: number) => count.toLocaleString("en");
  return {
    what: `${name} of \`--watch\` after ${ROUNDS.toLocaleString("en")} rounds more`,
    measured: shown(last.median),
    reference: `after ${WARM.toLocaleString("en")}: ${shown(warm.median)}`,
    ratio: range(ratio, (value) => value.toFixed(2)),
    atMost: `${atMost} x`,
    met: ratio.median <= atMost,
    remarks: [],
  };
}
