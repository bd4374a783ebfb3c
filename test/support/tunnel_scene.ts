// A tunnel from end to end: a real hub, a real sshd before it, and a list of tunnels that leads through both.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { keyFingerprint } from "../../lib/ssh/known_host_key.ts";
import { checkAll } from "../../lib/tunnel/check_all.ts";
import type { PathTerms } from "../../lib/tunnel/path.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { HealthReport, ProbeId, ProbeResult, TunnelReport } from "../../lib/tunnel/report.ts";
import type { Sshd } from "./sshd.ts";

/** The values of one tunnel as the file has them; what is given replaces what stands there, null takes it away. */
export interface TunnelWords {
  readonly name?: string;
  readonly runs_as?: string;
  readonly direction?: string;
  readonly ssh?: Readonly<Record<string, string | number | null>>;
  readonly listen?: Readonly<Record<string, string | number>>;
  readonly target?: Readonly<Record<string, string | number>>;
  readonly health?: Readonly<Record<string, string | null>>;
}

export function fingerprintOf({ hostKeyLine }: Pick<Sshd, "hostKeyLine">): string {
  return keyFingerprint(Buffer.from(hostKeyLine.split(" ")[2] ?? "", "base64"));
}

/** By this sshd to that port. */
export function tunnelWords(sshd: Sshd, target: { host?: string; port: number }, more: TunnelWords = {}): TunnelWords {
  const ssh = { host: sshd.address, port: sshd.port, identity_file: sshd.userKey, host_key: fingerprintOf(sshd) };
  return {
    name: "hub",
    runs_as: "self",
    direction: "local",
    ...more,
    ssh: { ...ssh, ...more.ssh },
    listen: { host: "127.0.0.1", port: 18000, ...more.listen },
    target: { host: target.host ?? "127.0.0.1", port: target.port, ...more.target },
    health: { path: "/state/health", ...more.health },
  };
}

/** @returns the file */
export function writeTunnels(folder: string, tunnels: readonly TunnelWords[]): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "tunnels.yaml");
  writeFileSync(file, Bun.YAML.stringify({ tunnels: tunnels.map(withoutNull) }, null, 2));
  return file;
}

function withoutNull(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutNull(each)]));
}

export interface CheckOptions extends Partial<PathTerms> {
  readonly timeoutMs?: number;
}

export function termsFor(folder: string, options: CheckOptions = {}): PathTerms {
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  return { env, home: join(folder, "state"), slowMs: 2_000, holdSeconds: null, quietMs: 30_000, ...options };
}

export function checkTunnels(
  folder: string,
  tunnels: readonly TunnelWords[],
  options: CheckOptions = {},
): Promise<HealthReport> {
  const path = writeTunnels(folder, tunnels);
  const { timeoutMs = 15_000, ...terms } = options;
  const signal = new AbortController().signal;
  return checkAll(readTunnels({ path, home: folder }), { path: termsFor(folder, terms), timeoutMs, signal });
}

export async function checkOne(folder: string, tunnel: TunnelWords, options: CheckOptions = {}): Promise<TunnelReport> {
  const [report] = (await checkTunnels(folder, [tunnel], options)).tunnels;
  if (report === undefined) throw new Error("No tunnel was checked");
  return report;
}

export function probeOf({ probes }: TunnelReport, id: ProbeId): ProbeResult {
  const found = probes.find((probe) => probe.id === id);
  if (found === undefined) throw new Error(`There is no probe ${id}`);
  return found;
}

/** What a report comes to, in short: `down at auth`. */
export function shortOf({ verdict, broken }: TunnelReport): string {
  return broken === null ? verdict : `${verdict} at ${broken}`;
}
