// Runs one program and prints what it cost. A process of its own, because Linux starts a child's peak memory at that of
// the process that forks it: measured from the benchmark itself, every script would seem as large as the benchmark.
import { readFileSync } from "node:fs";
import type { Cost } from "./run_script.ts";

const child = Bun.spawn(process.argv.slice(2), { stdio: ["ignore", "ignore", "inherit"] });
const exitCode = await child.exited;
const cost: Cost = { peakBytes: child.resourceUsage()?.maxRSS ?? Number.NaN, readBytes: bytesReadByChildren() };
process.stdout.write(JSON.stringify(cost));
process.exitCode = exitCode;

/** proc(5), /proc/pid/io: children that were waited for are counted in; this process itself reads next to nothing. */
function bytesReadByChildren(): number | null {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? Number.NaN);
  } catch {
    return null;
  }
}
