// The hub as a server: who may ask, what is answered, what is logged and counted of it, and an end that loses nothing.
import type { RelayState } from "../events/relay_state.ts";
import { usageFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import { type Answering, answer } from "./http/answer.ts";
import { createApp } from "./http/app.ts";
import { isLoopback, WILDCARDS } from "./http/guard.ts";
import { listen, type Server } from "./http/listening.ts";
import { type LogRecord, requestRecord } from "./http/log_request.ts";
import { hubMetrics } from "./metrics/hub_metrics.ts";
import type { Hub } from "./serving_hub.ts";

export type { Server } from "./http/listening.ts";

export interface ServeOptions {
  readonly hub: Hub;
  /** Where to listen; port 0 is any free one. */
  readonly host: string;
  readonly port: number;
  readonly token: Secret | null;
  readonly allowedHosts: readonly string[];
  readonly log: (record: LogRecord) => void;
  /** How the relay of events stands, for the metrics; null, or not given, where none runs. */
  readonly relay?: () => RelayState | null;
  /** Of this toolkit, for the metrics and the description. */
  readonly version?: string;
}

/**
 * The database is the caller's to close.
 * @throws OpsFailure (usage) for an address beyond loopback without a token; (automation) when the port is taken
 */
export function serve(options: ServeOptions): Server {
  const { hub, host, port, allowedHosts, log, relay, version = "unknown" } = options;
  const guard = {
    token: requiredToken(options),
    allowedHosts: WILDCARDS.has(host) ? allowedHosts : [...allowedHosts, host],
  };
  const metrics = hubMetrics({ database: hub.database, relay: () => relay?.() ?? null, version });
  const answering: Omit<Answering, "stopping"> = {
    app: createApp(hub, metrics, version),
    guard,
    served: (served) => {
      metrics.served(served);
      log(requestRecord(served));
    },
  };
  const server = listen({
    host,
    port,
    log,
    answer: (request, { mayTakeLong, stopping }) => answer(request, { ...answering, stopping }, mayTakeLong),
  });
  return {
    url: server.url,
    stop: async () => {
      await server.stop((withinMs) => hub.runs.stop(withinMs));
      metrics.stop();
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
