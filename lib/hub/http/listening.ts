// A server that stops without losing what it has begun: it takes no new connection, lets requests end, and closes. The hub
// and the proxy on a workstation are both one of these.
import { OpsFailure } from "../../failure.ts";
import { waitUntil } from "../../wait_until.ts";
import type { LogRecord } from "./log_request.ts";

export interface Listening {
  /** Port 0 is any free one. */
  readonly host: string;
  readonly port: number;
  readonly log: (record: LogRecord) => void;
  /** Must not throw. */
  readonly answer: (request: Request, connection: Connection) => Promise<Response>;
}

/** What a request may ask of the connection that it came on. */
export interface Connection {
  /** Lets this one request stay quiet for longer than a connection may. */
  readonly mayTakeLong: () => void;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

export interface Server {
  /** Where this machine finds it. */
  readonly url: string;
  /**
   * Lets what is in flight end, within a few seconds, and closes.
   * @param alongside work of the caller's that ends at the same time; it is given less time than the whole
   */
  stop(alongside?: (withinMs: number) => Promise<void>): Promise<void>;
}

// Seconds in which the head of a request must have come, a body may pause, a client may leave its answer unread, and a
// connection may be kept without a request. What may take longer to answer lifts it for itself.
const IDLE_S = 60;
// Beyond the body's own limit, so that it is we who refuse, in words; Bun's refusal has none.
const RECEIVED_AT_MOST = 64 * 1024 * 1024;
/** With the database's closing well inside the 10 s that a script has after SIGTERM. */
const DRAIN_MS = 6_000;
const ALONGSIDE_MS = 5_000;

/** @throws OpsFailure (automation) when the port is taken or the address is not this machine's */
export function listen({ host, port, log, answer }: Listening): Server {
  const stopping = new AbortController();
  let inFlight = 0;
  const server = bound({
    hostname: host,
    port,
    idleTimeout: IDLE_S,
    maxRequestBodySize: RECEIVED_AT_MOST,
    development: false,
    // With `development: false` Bun shares the port unless told not to, and two hubs would get half of the requests each.
    reusePort: false,
    fetch: async (request, self) => {
      inFlight++;
      try {
        const mayTakeLong = () => self.timeout(request, 0);
        const response = await answer(request, { mayTakeLong, stopping: stopping.signal });
        if (stopping.signal.aborted) response.headers.set("connection", "close");
        return response;
      } finally {
        inFlight--;
      }
    },
  });
  // The server's own count goes on until the last byte is sent; ours, until the work is done that a client left alone.
  const open = () => Math.max(inFlight, server.pendingRequests);
  const ended = () => (open() === 0 ? { found: true } : { seen: `${open()} requests in flight` });
  return {
    url: urlOf(host, server.port),
    stop: async (alongside = async () => {}) => {
      stopping.abort();
      const closed = server.stop();
      const drained = waitUntil({ forWhat: "requests to end", deadlineMs: DRAIN_MS }, ended).catch(
        (error: OpsFailure) =>
          log({ level: "warning", event: "drain_gave_up", message: `${error.message}: ${error.observed}` }),
      );
      await Promise.all([drained, alongside(ALONGSIDE_MS)]);
      await server.stop(true);
      await closed;
    },
  };
}

/** Every address of this machine is no address to ask at: then it is that of loopback. */
function urlOf(host: string, port: number | undefined): string {
  const name = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function bound(options: Bun.Serve.Options<undefined>) {
  try {
    return Bun.serve(options);
  } catch (cause) {
    const { hostname, port } = options as { hostname: string; port: number };
    throw new OpsFailure("Could not listen", {
      observed: cause instanceof Error ? cause.message : String(cause),
      where: `${hostname}:${port}`,
      hint: `ss -ltnp 'sport = :${port}'`,
    });
  }
}
