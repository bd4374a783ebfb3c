// An ssh connection whose stages are told apart: whether the host is the pinned one, and whether it lets us in. Who looks for
// what is broken must not read the one as the other.
import type { Socket } from "node:net";
import { connectSsh, type SshConnection } from "./connect.ts";
import type { PinnedKey } from "./pinned_key.ts";
import type { SshHost } from "./resolve_host.ts";

export interface StagedOptions {
  readonly host: SshHost;
  readonly env: Readonly<Record<string, string>>;
  readonly pinned: PinnedKey;
  readonly socket: Socket;
  /** Opens the same again: a host has several keys, and shows one a connection. */
  readonly again: () => Promise<Socket>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface Stages {
  /** Rejects as connectSsh does when it is not the host, or never said so. */
  readonly trusted: Promise<void>;
  /** Rejects, too, when `trusted` did. */
  readonly ready: Promise<SshConnection>;
}

export function openInStages(options: StagedOptions): Stages {
  const { promise: trusted, resolve, reject } = Promise.withResolvers<void>();
  const ready = open(options, resolve);
  ready.catch(reject);
  // Each may be looked at later than it fails.
  trusted.catch(() => {});
  return { trusted, ready };
}

/** OpenSSH makes three by default: ed25519, ecdsa, rsa. */
const MOST_KEYS = 3;

async function open({ again, ...options }: StagedOptions, onTrusted: () => void): Promise<SshConnection> {
  const exceptTypes: string[] = [];
  let mismatch: unknown = null;
  for (let socket = options.socket; ; socket = await again()) {
    let isTrusted = false;
    const trusted = () => {
      isTrusted = true;
      onTrusted();
    };
    try {
      return await connectSsh({ ...options, socket, exceptTypes, onTrusted: trusted });
    } catch (error) {
      socket.destroy();
      // A fingerprint does not tell its type: the host is asked for its other keys, one after the other.
      const shown = isTrusted || options.pinned.key !== null ? null : typeShown(error);
      if (shown !== null) mismatch ??= error;
      // Where it has no other key to show, the one that it did show is the news.
      if (shown === null || exceptTypes.length + 1 >= MOST_KEYS) throw isTrusted ? error : (mismatch ?? error);
      exceptTypes.push(shown);
    }
  }
}

function typeShown(error: unknown): string | null {
  return /^it shows the key (\S+) /.exec((error as { observed?: string }).observed ?? "")?.[1] ?? null;
}
