// Every route of the hub, resource by resource. Adding one: a file beside this, and its line here.
import type { HubApp } from "../http/offer.ts";
import type { Hub } from "../serving_hub.ts";
import { decisionRoutes } from "./decisions.ts";
import { healthRoutes } from "./health.ts";

export const ROUTES: readonly ((app: HubApp, hub: Hub) => void)[] = [healthRoutes, decisionRoutes];
