// Every route of the hub, resource by resource. Adding one: a file beside this, and its line here.
import type { HubApp } from "../http/offer.ts";
import type { HubMetrics } from "../metrics/hub_metrics.ts";
import type { Hub } from "../serving_hub.ts";
import { activityRunRoutes } from "./activity_runs.ts";
import { decisionRoutes } from "./decisions.ts";
import { domainGoalRoutes } from "./domain_goals.ts";
import { findingRoutes } from "./findings.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";
import { progressRoutes } from "./progress.ts";
import { repoRoutes } from "./repos.ts";
import { summaryRoutes } from "./summary.ts";
import { sweepRoutes } from "./sweeps.ts";
import { taskRoutes } from "./tasks.ts";
import { tokenEventRoutes } from "./token_events.ts";
import { vocabularyRoutes } from "./vocabulary.ts";
import { workstreamRoutes } from "./workstreams.ts";

export const ROUTES: readonly ((app: HubApp, hub: Hub, metrics: HubMetrics) => void)[] = [
  healthRoutes,
  metricsRoutes,
  summaryRoutes,
  repoRoutes,
  workstreamRoutes,
  taskRoutes,
  decisionRoutes,
  domainGoalRoutes,
  progressRoutes,
  tokenEventRoutes,
  vocabularyRoutes,
  findingRoutes,
  activityRunRoutes,
  sweepRoutes,
];
