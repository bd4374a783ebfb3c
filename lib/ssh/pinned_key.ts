// A host key that a configuration pins, as OpenSSH prints it: its fingerprint, or the public key itself. With a pin no
// known_hosts file is asked: what one account once said "yes" to must not decide whom a tunnel talks to.
import { OpsFailure } from "../failure.ts";
import { keyFingerprint, keyType } from "./known_host_key.ts";
import type { SshHost } from "./resolve_host.ts";

export interface PinnedKey {
  /** "SHA256:...", as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Of a pin that is the key itself: its type and bytes, which known_hosts needs. */
  readonly key: { readonly type: string; readonly blob: Buffer } | null;
}

/** The message of a failure for a host that shows another key than the pinned one. */
export const NOT_TRUSTED = "Could not trust the host";

// 32 bytes in base64 without padding.
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** @returns null for what is neither a SHA256 fingerprint nor a public key */
export function pinnedKey(text: string): PinnedKey | null {
  const trimmed = text.trim().replace(/^(SHA256:[^=\s]+)=$/, "$1");
  if (FINGERPRINT.test(trimmed)) return { fingerprint: trimmed, key: null };
  const [type = "", base64 = ""] = trimmed.split(/\s+/);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const blob = Buffer.from(base64, "base64");
  return type !== "" && keyType(blob) === type ? { fingerprint: keyFingerprint(blob), key: { type, blob } } : null;
}

/** @returns null when the host shows the pinned key; else what to throw */
export function pinFault(host: SshHost, pin: PinnedKey, offered: Buffer): OpsFailure | null {
  if (keyFingerprint(offered) === pin.fingerprint) return null;
  return new OpsFailure(NOT_TRUSTED, {
    observed: `it shows the key ${keyType(offered)} ${keyFingerprint(offered)}: nothing was sent to it`,
    expected: `${pin.key === null ? "" : `${pin.key.type} `}${pin.fingerprint}, which the configuration pins`,
    where: `${host.hostname}:${host.port}`,
    hint: `ssh-keyscan -p ${host.port} ${host.hostname} | ssh-keygen -lf -`,
  });
}
