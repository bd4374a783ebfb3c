// An ssh connection to a host whose key is known, opened within a deadline, by public key or agent alone. What runs on it
// (files, tunnels) stands beside it. Without the deadlines a dead host would hold a night's run for hours.
import type { Socket } from "node:net";
import ssh2, { type AuthHandlerMiddleware, type Client, type ServerHostKeyAlgorithm } from "ssh2";
import { OpsFailure } from "../failure.ts";
import { agentAt } from "./agent.ts";
import { connectFailure } from "./connect_failure.ts";
import { type Identities, readIdentities } from "./identities.ts";
import { hostKeyFault, type KnownKey, knownHostKeys } from "./known_host_key.ts";
import { type PinnedKey, pinFault } from "./pinned_key.ts";
import type { SshHost } from "./resolve_host.ts";

/** Whom to reach, and by when. */
export interface ConnectOptions {
  readonly host: SshHost;
  /** `environmentForPrograms()`. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the connection, too, when it is aborted later. */
  readonly signal?: AbortSignal;
  /** From the start to being let in: 10 s unless given. */
  readonly deadlineMs?: number;
  /** The one key that is taken; then no known_hosts file is asked. */
  readonly pinned?: PinnedKey;
  /** Key types that the host is not asked for. */
  readonly exceptTypes?: readonly string[];
  /** A connection that stands already; it is closed with this one. */
  readonly socket?: Socket;
  /** Told when the host has proven its key, before it is asked to let us in. A missing key of ours is then a refusal by it. */
  readonly onTrusted?: () => void;
}

/** Open until it is closed or lost. */
export interface SshConnection {
  readonly host: SshHost;
  readonly client: Client;
  /** Aborted, with the reason, when the connection is no more, whoever ended it. */
  readonly lost: AbortSignal;
  /** Ends it at once. */
  close(): void;
}

const CONNECT_MS = 10_000;
// A host that says nothing for that long is taken for dead: 5 s, three times.
const KEEPALIVE = { keepaliveInterval: 5_000, keepaliveCountMax: 3 };
/** ssh2's own list, its order: what is known of a host comes first, so that it shows that key. */
const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** @throws OpsFailure (automation) for an unknown or changed host key, no key that is let in, no answer; the signal's reason */
export async function connectSsh({
  host,
  env,
  signal,
  deadlineMs = CONNECT_MS,
  pinned,
  exceptTypes = [],
  socket,
  onTrusted,
}: ConnectOptions): Promise<SshConnection> {
  signal?.throwIfAborted();
  const known = pinned === undefined ? await knownHostKeys(host, env, signal) : [];
  const identities = readIdentities(host.identityFiles);
  const offers = whatIsOffered(host, identities);
  if (offers.length === 0 && onTrusted === undefined) throw noIdentity(host, identities);
  const lost = new AbortController();
  const client = new ssh2.Client();
  const close = () => {
    if (!lost.signal.aborted) lost.abort(new OpsFailure("Could not go on: the connection was closed"));
    client.destroy();
  };
  signal?.addEventListener("abort", close, { once: true });
  client.once("close", () => signal?.removeEventListener("abort", close));
  try {
    const trust = { known, pinned, exceptTypes, onTrusted };
    await opened(client, lost, { host, ...trust, socket, identities, offers, deadlineMs, signal });
    return { host, client, lost: lost.signal, close };
  } catch (error) {
    close();
    signal?.removeEventListener("abort", close);
    signal?.throwIfAborted();
    throw error;
  }
}

type Offer = Parameters<Parameters<AuthHandlerMiddleware>[2]>[0];

interface Opening {
  readonly host: SshHost;
  readonly known: readonly KnownKey[];
  readonly pinned: PinnedKey | undefined;
  readonly exceptTypes: readonly string[];
  readonly onTrusted: (() => void) | undefined;
  readonly socket: Socket | undefined;
  readonly identities: Identities;
  readonly offers: readonly Offer[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

function opened(client: Client, lost: AbortController, o: Opening): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let refused: OpsFailure | null = null;
  const timer = setTimeout(() => reject(connectFailure(o, { level: "client-timeout" })), o.deadlineMs);
  const fail = (error: unknown) => {
    const reason = refused ?? o.signal?.reason ?? connectFailure(o, error);
    if (!lost.signal.aborted) lost.abort(reason);
    reject(reason);
  };
  client
    .once("handshake", () => o.onTrusted?.())
    .once("ready", resolve)
    .on("error", fail)
    .once("close", () => fail({ level: "closed" }));
  const aborted = () => reject(o.signal?.reason);
  o.signal?.addEventListener("abort", aborted, { once: true });
  const waiting = [...o.offers];
  client.connect({
    host: o.host.hostname,
    port: o.host.port,
    username: o.host.user,
    readyTimeout: 0,
    ...KEEPALIVE,
    ...(o.socket === undefined ? {} : { sock: o.socket }),
    algorithms: { serverHostKey: preferKnown(o) },
    hostVerifier: (key: Buffer) => {
      refused = o.pinned === undefined ? hostKeyFault(o.host, o.known, key) : pinFault(o.host, o.pinned, key);
      return refused === null;
    },
    authHandler: (_methods, _partial, next) => next(waiting.shift() ?? (false as unknown as Offer)),
  });
  return promise.finally(() => {
    clearTimeout(timer);
    o.signal?.removeEventListener("abort", aborted);
  });
}

function preferKnown({ known, pinned, exceptTypes }: Opening): ServerHostKeyAlgorithm[] {
  const types = new Set(known.filter(({ marker }) => marker === null).map(({ type }) => type));
  if (pinned?.key) types.add(pinned.key.type);
  const typeOf = (name: string) => (name.startsWith("rsa-") ? "ssh-rsa" : name);
  const isKnown = (name: string) => types.has(typeOf(name));
  return HOST_KEY_ALGORITHMS.filter((name) => !exceptTypes.includes(typeOf(name))).sort(
    (left, right) => Number(isKnown(right)) - Number(isKnown(left)),
  );
}

function whatIsOffered(host: SshHost, { keys, publicBlobs }: Identities): Offer[] {
  const files = keys.map(({ key }) => ({
    type: "publickey" as const,
    username: host.user,
    key: key as unknown as Buffer,
  }));
  if (host.agent === null) return files;
  const agent = agentAt(host.agent, host.identitiesOnly ? publicBlobs : null);
  return [...files, { type: "agent" as const, username: host.user, agent }];
}

function noIdentity(host: SshHost, { unused }: Identities): OpsFailure {
  return new OpsFailure("Could not connect by ssh", {
    observed:
      unused.length > 0 ? unused.join("; ") : `no key: ${host.identityFiles.join(", ")} are not there, no agent`,
    expected: "a key file without a passphrase, or an agent that holds the key",
    where: `${host.user}@${host.hostname}:${host.port}`,
    hint: host.command,
  });
}
