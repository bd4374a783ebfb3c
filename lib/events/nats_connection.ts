// The one place that loads the NATS client and connects. It connects once and never again by itself: what the client would
// keep for later, and send an hour after everybody gave it up, could not be told from a second event.
import type { JetStreamManager, NatsConnection } from "nats";
import type { Secret } from "../secret.ts";
import { within } from "../within.ts";
import { missingGreeting } from "./greeting.ts";
import { type NatsAddress, natsAddress } from "./nats_address.ts";
import { hostAndPort, type Trouble, troubleNamed, troubleOf } from "./trouble.ts";

/** The package itself, loaded when somebody connects. */
export type NatsClient = typeof import("nats");

export interface NatsLink {
  readonly client: NatsClient;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly address: NatsAddress;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly gone: Promise<Trouble>;
  /** Never throws, and takes no longer than `CLOSE_MS`. */
  close(): Promise<void>;
}

export interface ConnectPace {
  /** How long a server may take for its greeting, for the login and for each request, in milliseconds. */
  readonly answerWithinMs: number;
  /** Ends the wait for the greeting. */
  readonly signal: AbortSignal;
}

// A connection that is idle is proven every 10 s, and given up after two pings without an answer.
const PROVEN = { pingInterval: 10_000, maxPingOut: 2 };
const CLOSE_MS = 500;

/** To be closed. @throws Trouble; OpsFailure (usage) for a URL that is none */
export async function connectToNats(url: Secret, name: string, pace: ConnectPace): Promise<NatsLink> {
  const address = natsAddress(url);
  const servers = await answering(address, pace);
  const client = await import("nats");
  try {
    const connection = await client.connect({
      servers: [...servers],
      name,
      ...address.credentials,
      ...(address.tls ? { tls: {} } : {}),
      ...PROVEN,
      reconnect: false,
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
      timeout: pace.answerWithinMs,
    });
    const manager = await connection.jetstreamManager({ checkAPI: false, timeout: pace.answerWithinMs });
    return linkOf({ client, connection, manager, address });
  } catch (error) {
    throw troubleOf(error, address);
  }
}

/** Those of the servers that greet. @throws Trouble when none does */
async function answering(address: NatsAddress, { answerWithinMs, signal }: ConnectPace): Promise<readonly string[]> {
  const seen = await Promise.all(
    address.servers.map((server) => {
      const [host, port] = hostAndPort(server);
      return missingGreeting(host, Number(port), { withinMs: answerWithinMs, signal });
    }),
  );
  const greeting = address.servers.filter((_, at) => seen[at] === null);
  if (greeting.length > 0) return greeting;
  throw troubleNamed("unreachable", [...new Set(seen)].join(", "), address);
}

function linkOf(parts: Pick<NatsLink, "client" | "connection" | "manager" | "address">): NatsLink {
  const { connection, address } = parts;
  const gone = connection
    .closed()
    .then((error) => troubleNamed("unreachable", error?.message || "the connection closed", address, error));
  const close = async () => {
    await within(
      connection.close().catch(() => {}),
      CLOSE_MS,
      undefined,
    );
  };
  return { ...parts, gone, close };
}
