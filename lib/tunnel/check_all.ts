// All tunnels at once, as far as this machine's processors allow: one that is silent must not keep the others waiting.
import { forEachAtMost } from "../pool.ts";
import { checkTunnel } from "./check_tunnel.ts";
import { Path, type PathTerms, type Round } from "./path.ts";
import { type HealthReport, type TunnelReport, worst } from "./report.ts";
import type { Tunnel } from "./tunnel.ts";

/** A handshake is a few milliseconds of a processor, and mostly waiting. */
const AT_ONCE = 32;

export interface AllTerms {
  readonly path: PathTerms;
  /** For all of them together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function openPaths(tunnels: readonly Tunnel[], terms: PathTerms): Path[] {
  return tunnels.map((tunnel) => new Path(tunnel, terms));
}

/** Once; nothing of it stays open. */
export async function checkAll(tunnels: readonly Tunnel[], terms: AllTerms): Promise<HealthReport> {
  const paths = openPaths(tunnels, terms.path);
  try {
    return await checkPaths(paths, terms);
  } finally {
    for (const path of paths) path.close();
  }
}

interface RoundTerms extends Pick<AllTerms, "timeoutMs" | "signal"> {
  /** For one path, where that is less. */
  readonly timeoutOf?: (path: Path) => number;
}

/** One round. A path that is not as it should be is closed, and is opened anew by the next round. */
export async function checkPaths(
  paths: readonly Path[],
  { timeoutMs, signal, timeoutOf = () => timeoutMs }: RoundTerms,
): Promise<HealthReport> {
  const started = performance.now();
  const hosts: Round["hosts"] = new Map();
  const reports = new Map<string, TunnelReport>();
  await forEachAtMost(paths, AT_ONCE, async (path) => {
    const report = await checkTunnel(path, { deadline: started + Math.min(timeoutMs, timeoutOf(path)), signal, hosts });
    if (report.broken !== null || report.verdict === "unknown") path.close();
    reports.set(path.tunnel.name, report);
  });
  const tunnels = paths.flatMap(({ tunnel }) => reports.get(tunnel.name) ?? []);
  return {
    verdict: worst(tunnels.map(({ verdict }) => verdict)),
    checked_at: new Date().toISOString(),
    ms: Math.round(performance.now() - started),
    tunnels,
  };
}
