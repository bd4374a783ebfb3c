// Whether a host is the one that it was. ssh2 takes any key by default: whoever answers at the address would be given the
// backup. The known_hosts files are asked through ssh-keygen, which knows hashed names, patterns and markers.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { SshHost } from "./resolve_host.ts";

export interface KnownKey {
  /** "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa" ... */
  readonly type: string;
  readonly blob: Buffer;
  readonly marker: "revoked" | "authority" | null;
  /** path:line */
  readonly where: string;
}

const ASK_MS = 10_000;

/**
 * All that the known_hosts files say of this host, revoked keys and certificate authorities among it.
 * @throws OpsFailure (automation) when ssh-keygen is missing; a file that is not there knows nothing
 */
export async function knownHostKeys(
  host: SshHost,
  env: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<KnownKey[]> {
  const found: KnownKey[] = [];
  for (const file of host.knownHostsFiles.filter((path) => existsSync(path))) {
    const argv = ["ssh-keygen", "-F", host.knownAs, "-f", file];
    const { stdout } = await run(argv, { env, deadlineMs: ASK_MS, ...(signal === undefined ? {} : { signal }) });
    found.push(...keysIn(stdout, file));
  }
  return found;
}

/** `ssh-keygen -F` prints `# Host NAME found: line N`, then that line. */
function keysIn(stdout: string, file: string): KnownKey[] {
  const found: KnownKey[] = [];
  let line = "?";
  for (const text of stdout.split("\n")) {
    line = /^# Host .* found: line (\d+)/.exec(text)?.[1] ?? line;
    const [, marker, type, key] = /^(?:@(\S+) )?[^#\s]\S* +(\S+) +(\S+)/.exec(text) ?? [];
    if (type === undefined || key === undefined) continue;
    found.push({
      type,
      blob: Buffer.from(key, "base64"),
      marker: marker === undefined ? null : marker === "cert-authority" ? "authority" : "revoked",
      where: `${file}:${line}`,
    });
  }
  return found;
}

/** @returns null when the host may be spoken to; else what to throw */
export function hostKeyFault(host: SshHost, known: readonly KnownKey[], offered: Buffer): OpsFailure | null {
  const same = known.filter(({ blob }) => blob.equals(offered));
  const revoked = same.find(({ marker }) => marker === "revoked");
  if (revoked !== undefined) return revokedKey(host, revoked);
  if (same.some(({ marker }) => marker === null)) return null;
  const others = known.filter(({ marker }) => marker === null);
  return others.length > 0 ? changedKey(host, others, offered) : unknownHost(host, known, offered);
}

/** As `ssh-keygen -l` prints it. */
export function keyFingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The type's name, which is the first string of a public key (RFC 4253, 6.6). */
export function keyType(blob: Buffer): string {
  return blob.length < 4 ? "" : blob.subarray(4, 4 + Math.min(blob.readUInt32BE(0), 64)).toString("latin1");
}

function shown(blob: Buffer): string {
  return `${keyType(blob)} ${keyFingerprint(blob)}`;
}

function look(host: SshHost, file: string): string {
  return `ssh-keygen -l -F ${shellQuoted(host.knownAs)} -f ${shellQuoted(file)}`;
}

function revokedKey(host: SshHost, { blob, where }: KnownKey): OpsFailure {
  return new OpsFailure("Could not trust the host", {
    observed: `it shows the key ${shown(blob)}, which is marked as revoked: nothing was sent to it`,
    expected: "a key that is not revoked",
    where: `${host.hostname}:${host.port}, ${where}`,
    hint: look(host, where.replace(/:\d+$/, "")),
  });
}

function changedKey(host: SshHost, known: readonly KnownKey[], offered: Buffer): OpsFailure {
  const file = known[0]?.where.replace(/:\d+$/, "") ?? "";
  return new OpsFailure("Could not trust the host", {
    observed: `it shows the key ${shown(offered)}, another than it is known by: nothing was sent to it`,
    expected: known.map(({ blob, where }) => `${shown(blob)} (${where})`).join(" or "),
    where: `${host.hostname}:${host.port}`,
    hint: `${look(host, file)}, and compare with what the host's administrator reads on the host itself`,
  });
}

function unknownHost(host: SshHost, known: readonly KnownKey[], offered: Buffer): OpsFailure {
  const file = host.knownHostsFiles[0] ?? "~/.ssh/known_hosts";
  const authority = known.find(({ marker }) => marker === "authority");
  return new OpsFailure("Could not trust the host", {
    observed: `it shows the key ${shown(offered)}, and no key of it is known: nothing was sent to it`,
    expected: authority
      ? `its own key; a certificate authority alone (${authority.where}) is not supported`
      : `a line for ${host.knownAs} in ${host.knownHostsFiles.join(" or ")}`,
    where: `${host.hostname}:${host.port}`,
    hint: `${look(host, file)}; once the fingerprint was compared on the host itself: ${host.command}`,
  });
}
