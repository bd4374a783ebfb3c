// One check of the tunnels that were asked for, and what became of it.
import type { Outcome } from "../cli/define_script.ts";
import { checkAll } from "./check_all.ts";
import { configFlag } from "./config_flag.ts";
import type { PathTerms } from "./path.ts";
import { rememberVerdicts, type VerdictHome } from "./remember_verdicts.ts";
import { EXIT_OF, type HealthReport, type TunnelReport } from "./report.ts";
import type { Tunnel } from "./tunnel.ts";
import { renderHealth } from "./tunnel_view.ts";

export interface HealthTerms {
  readonly path: PathTerms;
  /** For everything, telling the hub included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly memory: VerdictHome;
  /** The list, as it was typed; left out: the account's own. */
  readonly config?: string | undefined;
}

/** Of the time for everything, kept for telling the hub what has changed. */
const TELLING_MS = 1_000;

export async function healthCommand(tunnels: readonly Tunnel[], terms: HealthTerms): Promise<Outcome> {
  const until = performance.now() + terms.timeoutMs;
  const spare = terms.timeoutMs - (terms.path.holdSeconds ?? 0) * 1_000;
  const report = await checkAll(tunnels, { ...terms, timeoutMs: terms.timeoutMs - Math.min(TELLING_MS, spare / 4) });
  await rememberVerdicts(report.tunnels, terms.memory, until - performance.now());
  return outcomeOf(report, terms);
}

export function outcomeOf(report: HealthReport, { config }: Pick<HealthTerms, "config">): Outcome {
  const worse = report.tunnels.find(({ verdict }) => verdict === report.verdict && verdict !== "healthy");
  return {
    exitCode: EXIT_OF[report.verdict],
    document: { ...report },
    render: (view) => renderHealth(report, view),
    degraded: report.tunnels.filter(({ verdict }) => verdict === "degraded").map(lineOf),
    ...(worse === undefined ? {} : { next: `scripts/tunnel_health.ts ${worse.name}${configFlag(config)} --watch` }),
  };
}

function lineOf({ name, cause }: TunnelReport): string {
  return `${name}: ${cause ?? "degraded"}`;
}
