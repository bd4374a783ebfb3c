// The hub's routes as one application: what is asked for, checked before any handler sees it, and answered in one shape.
import { OpenAPIHono } from "@hono/zod-openapi";
import type { HubMetrics } from "../metrics/hub_metrics.ts";
import { docsRoutes } from "../routes/docs.ts";
import { ROUTES } from "../routes/routes.ts";
import type { Hub } from "../serving_hub.ts";
import type { HubApp, Serving } from "./offer.ts";
import { type FieldError, Problem } from "./problem.ts";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"] as const;
/** Answered wherever GET is. */
const WITH_HEAD = "GET, HEAD";

/** @throws from its fetch: Problem, and whatever a handler threw */
export function createApp(hub: Hub, metrics: HubMetrics, version: string): HubApp {
  const app: HubApp = new OpenAPIHono<{ Bindings: Serving }>({
    strict: false,
    defaultHook: (result, c) => {
      if (result.success) return;
      c.env.matched(described(c.req.routePath));
      throw invalid(result.target, result.error.issues);
    },
  });
  app.onError((error) => {
    throw error;
  });
  app.notFound((c) => {
    throw nothingThere(app, c.req.path);
  });
  for (const add of ROUTES) add(app, hub, metrics);
  docsRoutes(app, version);
  return app;
}

/** The framework's `/tasks/:id` as it is described: `/tasks/{id}`. */
function described(routePath: string): string {
  return routePath.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}

const PART: Readonly<Record<string, string>> = { param: "path", json: "body" };

function invalid(
  target: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): Problem {
  const errors: FieldError[] = issues.slice(0, 20).map(({ path, message }) => ({
    at: [PART[target] ?? target, ...path.map((part) => String(part).slice(0, 80))].join("."),
    message,
  }));
  return new Problem(422, "Invalid value", { errors });
}

/** A path that is there for other methods says which. */
function nothingThere(app: HubApp, path: string): Problem {
  const plain = path === "/" ? path : path.replace(/\/$/, "");
  const offered = METHODS.filter((method) => app.router.match(method, plain)[0].length > 0);
  if (offered.length === 0)
    return new Problem(404, "Not found", {
      detail: "No such route",
      hint: "GET /openapi.json, or /docs for readers; GET /state/health says whether the hub works",
    });
  return new Problem(405, "Method not allowed", { headers: { allow: offered.join(", ").replace("GET", WITH_HEAD) } });
}
