// Prometheus' door: open without a token, since a scraper has none, and it tells counts only.
import { METRICS_MEDIA_TYPE } from "../../metrics/own_metrics.ts";
import { type HubApp, offer } from "../http/offer.ts";
import type { HubMetrics } from "../metrics/hub_metrics.ts";
import type { Hub } from "../serving_hub.ts";

export function metricsRoutes(app: HubApp, _hub: Hub, metrics: HubMetrics): void {
  offer(
    app,
    {
      method: "get",
      path: "/metrics",
      tag: "service",
      summary: "Metrics for Prometheus; state_hub_up is 0 while the database is away",
      answers: { 200: { says: "Text format, version 0.0.4", schema: null, mediaType: "text/plain" } },
    },
    async () => ({
      status: 200,
      body: await metrics.text(),
      headers: { "content-type": METRICS_MEDIA_TYPE, "cache-control": "no-store" },
    }),
  );
}
