// How the process itself is, under the names that dashboards for Prometheus clients expect. The library's own set is not
// used: half of it reads what only Node has, and says 0 or nonsense here.
import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Measure, Sample } from "./measure.ts";
import type { OwnMetrics } from "./own_metrics.ts";

const measure = (type: "counter" | "gauge", name: string, help: string): Measure => ({ name, type, help, labels: [] });
const one = (value: number): Sample[] => [{ labels: {}, value }];

/** Adds them. @returns stops what watches the event loop */
export function addProcessMetrics(metrics: OwnMetrics): () => void {
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  const cpu = measure("counter", "process_cpu_seconds_total", "Processor time that this process has used, in seconds");
  metrics.readWhenAsked(cpu, () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  });
  const memory = measure("gauge", "process_resident_memory_bytes", "Memory of this process, in bytes");
  metrics.readWhenAsked(memory, () => one(process.memoryUsage.rss()));
  const start = measure("gauge", "process_start_time_seconds", "When this process started, in seconds since 1970");
  metrics.readWhenAsked(start, () => one(startedAt));
  const open = measure("gauge", "process_open_fds", "Open files and connections of this process");
  metrics.readWhenAsked(open, () => one(readdirSync("/proc/self/fd").length));
  const most = measure("gauge", "process_max_fds", "How many files and connections this process may have open");
  metrics.readWhenAsked(most, () => one(mostFiles()));
  const lag = measure(
    "gauge",
    "process_event_loop_lag_max_seconds",
    "The longest wait of its work since the last look",
  );
  metrics.readWhenAsked(lag, () => {
    const longest = loop.max;
    loop.reset();
    return one(longest / 1e9);
  });
  return () => loop.disable();
}

/** proc(5): `Max open files  SOFT  HARD  files`. @throws where there is no /proc */
function mostFiles(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  if (soft === undefined) throw new Error("no limit is named");
  return Number(soft);
}
