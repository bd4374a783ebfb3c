// What a check of tunnels says. Its JSON form is read by gates and dashboards: `tunnels[].probes[]` is the contract. (pure)

export type Verdict = "healthy" | "degraded" | "down" | "unknown";

export const PROBE_IDS = [
  "config",
  "resolve",
  "tcp",
  "host_key",
  "auth",
  "forward",
  "health",
  "identity",
  "last_byte",
  "hold",
] as const;
export type ProbeId = (typeof PROBE_IDS)[number];

export interface ProbeResult {
  readonly id: ProbeId;
  /** null: not asked for, or not tried since a layer below it is broken. */
  readonly ok: boolean | null;
  readonly ms: number | null;
  readonly saw: string;
  readonly wanted: string;
  /** What to do about it; null where nothing is to be done. */
  readonly remedy: string | null;
}

export interface TunnelReport {
  readonly name: string;
  readonly verdict: Verdict;
  /** The lowest layer that is broken. */
  readonly broken: ProbeId | null;
  /** Its likely cause, in one sentence; also why it is degraded or unknown. */
  readonly cause: string | null;
  readonly probes: readonly ProbeResult[];
}

export interface HealthReport {
  readonly verdict: Verdict;
  readonly checked_at: string;
  readonly ms: number;
  readonly tunnels: readonly TunnelReport[];
}

const GRAVITY: readonly Verdict[] = ["healthy", "degraded", "unknown", "down"];

/** For sorting: the better one first. */
export function byGravity(left: Verdict, right: Verdict): number {
  return GRAVITY.indexOf(left) - GRAVITY.indexOf(right);
}

/** The worst of all; of none unknown. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return "unknown";
  return verdicts.reduce((left, right) => (byGravity(right, left) > 0 ? right : left));
}

export const EXIT_OF: Readonly<Record<Verdict, 0 | 1 | 2>> = { healthy: 0, degraded: 0, down: 1, unknown: 2 };
