// The hub as a server: it listens, answers, and when it is told to stop it finishes what it has begun and ends.
import { OpsFailure, usageFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import { waitUntil } from "../wait_until.ts";
import { type Answering, answer } from "./http/answer.ts";
import { createApp } from "./http/app.ts";
import { isLoopback } from "./http/guard.ts";
import { type LogRecord, requestRecord } from "./http/log_request.ts";
import type { Hub } from "./serving_hub.ts";

export interface ServeOptions {
  readonly hub: Hub;
  /** Where to listen; port 0 is any free one. */
  readonly host: string;
  readonly port: number;
  readonly token: Secret | null;
  readonly allowedHosts: readonly string[];
  readonly log: (record: LogRecord) => void;
}

export interface Server {
  readonly url: string;
  /** Lets what is in flight end, within a few seconds, and closes; the database is the caller's to close. */
  stop(): Promise<void>;
}

// Seconds without a byte, after which a connection that asks nothing is closed. Bun's usual 10 s would cut requests that
// are being answered; those that may take long lift it for themselves.
const IDLE_S = 60;
// Beyond the body's own limit, so that it is we who refuse, in words; Bun's refusal has none.
const RECEIVED_AT_MOST = 64 * 1024 * 1024;
/** Well inside the 10 s that a script has after SIGTERM. */
const DRAIN_MS = 7_000;

/** @throws OpsFailure (usage) for an address beyond loopback without a token; (automation) when the port is taken */
export function serve(options: ServeOptions): Server {
  const { hub, host, port, allowedHosts, log } = options;
  const guard = { token: requiredToken(options), allowedHosts: [...allowedHosts, host] };
  let inFlight = 0;
  let draining = false;
  const answering: Answering = { app: createApp(hub), guard, served: (served) => log(requestRecord(served)) };
  const server = listening({
    hostname: host,
    port,
    idleTimeout: IDLE_S,
    maxRequestBodySize: RECEIVED_AT_MOST,
    development: false,
    fetch: async (request, self) => {
      inFlight++;
      try {
        const response = await answer(request, answering, () => self.timeout(request, 0));
        if (draining) response.headers.set("connection", "close");
        return response;
      } finally {
        inFlight--;
      }
    },
  });
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
  const idle = () => (inFlight === 0 ? { found: true } : { seen: `${inFlight} requests in flight` });
  return {
    url,
    stop: async () => {
      draining = true;
      const closed = server.stop();
      await hub.runs.stop(DRAIN_MS - 1_000);
      await waitUntil({ forWhat: "requests to end", deadlineMs: DRAIN_MS }, idle).catch((error: OpsFailure) =>
        log({ level: "warning", event: "drain_gave_up", message: `${error.message}: ${error.observed}` }),
      );
      await server.stop(true);
      await closed;
    },
  };
}

/** What only this machine can reach needs no token; anything else must not be open by mistake. */
function requiredToken({ host, token }: ServeOptions): Secret | null {
  if (isLoopback(host)) return null;
  if (token !== null) return token;
  throw usageFailure("Could not serve on an address that others can reach", {
    observed: `--host ${host} without STATE_HUB_TOKEN`,
    expected: "a token that clients must send, or a loopback address",
    hint: "export STATE_HUB_TOKEN_FILE=/path/to/token",
  });
}

function listening(options: Bun.Serve.Options<undefined>) {
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
