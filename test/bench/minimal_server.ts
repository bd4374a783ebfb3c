// One route that answers a constant object: on the hub's whole request path, among all its routes, or by Hono alone on
// Bun's server. What both do themselves is the same; the difference is the guard, the request id, the log and the metrics.
import { Hono } from "hono";
import { type JsonLines, openJsonLines } from "../../lib/cli/json_lines.ts";
import { openTerminal } from "../../lib/cli/streams.ts";
import { answer } from "../../lib/hub/http/answer.ts";
import { createApp } from "../../lib/hub/http/app.ts";
import { listen } from "../../lib/hub/http/listening.ts";
import { requestRecord } from "../../lib/hub/http/log_request.ts";
import { offer } from "../../lib/hub/http/offer.ts";
import { hubMetrics } from "../../lib/hub/metrics/hub_metrics.ts";
import type { Hub } from "../../lib/hub/serving_hub.ts";

/** Asked for on both. */
export const MINIMAL_PATH = "/minimal";

const handled = async () => ({ status: "ok", name: "state-hub", version: 1 });

/** As lib/hub/serve.ts puts it together, with one more route. */
function ours(log: JsonLines["log"]): string {
  // What the routes look at when they are made; none of them is asked.
  const hub = { database: { use: {} }, runs: { sources: ["api"] } } as unknown as Hub;
  const metrics = hubMetrics({ database: hub.database, relay: () => null, version: "bench" });
  const app = createApp(hub, metrics, "bench");
  const description = { tag: "bench", summary: "Nothing", answers: { 200: { says: "Always", schema: null } } };
  offer(app, { method: "get", path: MINIMAL_PATH, ...description }, async () => ({
    status: 200,
    body: await handled(),
  }));
  const guard = { token: null, allowedHosts: [] };
  const served: Parameters<typeof answer>[1]["served"] = (request) => {
    metrics.served(request);
    log(requestRecord(request));
  };
  return listen({
    host: "127.0.0.1",
    port: 0,
    log,
    answer: (request, { mayTakeLong, stopping }) => answer(request, { app, guard, served, stopping }, mayTakeLong),
  }).url;
}

function bare(): string {
  const app = new Hono();
  app.get(MINIMAL_PATH, async (c) => c.json(await handled()));
  const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0, development: false, fetch: app.fetch });
  return `http://127.0.0.1:${port}`;
}

if (import.meta.main) {
  const lines = openJsonLines(openTerminal().err);
  const url = process.argv[2] === "bare" ? bare() : ours(lines.log);
  lines.log({ level: "info", event: "listening", url });
}
