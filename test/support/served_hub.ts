// A hub that answers, for a test: in this process on a free port, over a database of its own.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sweepRecorder } from "../../lib/activity/activity_run.ts";
import { registerAsked } from "../../lib/consistency/commands/register_asked.ts";
import { remoteRuns } from "../../lib/consistency/commands/remote_runs.ts";
import { openDatabase } from "../../lib/db/connect.ts";
import type { LogRecord } from "../../lib/hub/http/log_request.ts";
import { openRunHost } from "../../lib/hub/runs/run_host.ts";
import type { RunWork } from "../../lib/hub/runs/run_work.ts";
import { type ServeOptions, serve } from "../../lib/hub/serve.ts";
import { Secret } from "../../lib/secret.ts";
import { freshHub, TEST_HOST, type TestHub } from "./hub.ts";

/** Sweeps of this database, as `serve` does them. */
function workOn(
  url: string,
  { home = join(tmpdir(), "a-home-that-no-test-uses"), host = TEST_HOST }: ServedOn,
): RunWork {
  const config = { database: { kind: "url", url: new Secret(url) }, stateHubHome: home, host } as const;
  return remoteRuns(config, {
    connect: () => openDatabase({ url: new Secret(url), applicationName: "a run", access: "read-write" }),
    activity: sweepRecorder,
  });
}

export interface ServedHub extends TestHub {
  readonly at: string;
  /** What was logged so far. */
  readonly log: readonly LogRecord[];
  /** A request to a path of it. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same, with a JSON body. */
  send(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Where it stands beside what it serves. */
export interface ServedOn {
  /** A hub's database that is there already, and stays: two served hubs may share one. */
  readonly hub?: TestHub;
  /** STATE_HUB_HOME of its sweeps. */
  readonly home?: string;
  /** This machine's name, as its sweeps know it. */
  readonly host?: string;
}

export async function servedHub(options: Partial<ServeOptions> = {}, on: ServedOn = {}): Promise<ServedHub> {
  const made = on.hub === undefined ? await freshHub() : { ...on.hub, close: async () => {} };
  const log: LogRecord[] = [];
  const { database } = made;
  const work = workOn(made.url, on);
  const runs = await openRunHost({ database, work, host: TEST_HOST, log: (record) => log.push(record) });
  const server = serve({
    hub: { database, runs, registerRepo: registerAsked(TEST_HOST) },
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
