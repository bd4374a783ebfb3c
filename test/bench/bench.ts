// What every row of the benchmark is given: a folder, a server, a fleet, and how often to measure.
import type { BenchHub } from "./bench_hub.ts";
import type { FilledHubs } from "./filled_hub.ts";
import type { Fleet } from "./fleet.ts";

export interface Bench {
  /** Goes away with everything in it when the run ends. */
  readonly folder: string;
  readonly hub: BenchHub;
  readonly filled: FilledHubs;
  readonly fleet: Fleet;
  readonly rounds: number;
  /** How many rows a database has that is dumped, restored and compared. */
  readonly rows: number;
}
