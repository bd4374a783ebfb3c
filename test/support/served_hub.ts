// A hub that answers, for a test: in this process on a free port, over a database of its own.
import { registerAsked } from "../../lib/consistency/commands/register_asked.ts";
import type { LogRecord } from "../../lib/hub/http/log_request.ts";
import { type ServeOptions, serve } from "../../lib/hub/serve.ts";
import { freshHub, TEST_HOST, type TestHub } from "./hub.ts";

export interface ServedHub extends TestHub {
  readonly at: string;
  /** What was logged so far. */
  readonly log: readonly LogRecord[];
  /** A request to a path of it. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same, with a JSON body. */
  send(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export async function servedHub(options: Partial<ServeOptions> = {}): Promise<ServedHub> {
  const made = await freshHub();
  const log: LogRecord[] = [];
  const server = serve({
    hub: { database: made.database, runs: { stop: async () => {} }, registerRepo: registerAsked(TEST_HOST) },
    host: "127.0.0.1",
    port: 0,
    token: null,
    allowedHosts: [],
    log: (record) => log.push(record),
    ...options,
  });
  const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
  return {
    ...made,
    at: server.url,
    log,
    ask,
    send: (method, path, body, headers = {}) =>
      ask(path, { method, body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } }),
    close: async () => {
      await server.stop();
      await made.close();
    },
  };
}
