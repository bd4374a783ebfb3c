// The hub's routes as one application: what is asked for, checked before any handler sees it, and answered in one shape.
import { OpenAPIHono } from "@hono/zod-openapi";
import { ROUTES } from "../routes/routes.ts";
import type { Hub } from "../serving_hub.ts";
import type { HubApp, Serving } from "./offer.ts";
import { type FieldError, Problem } from "./problem.ts";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"] as const;

/** @throws from its fetch: Problem, and whatever a handler threw */
export function createApp(hub: Hub): HubApp {
  const app: HubApp = new OpenAPIHono<{ Bindings: Serving }>({
    strict: false,
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.target, result.error.issues);
    },
  });
  app.onError((error) => {
    throw error;
  });
  app.notFound((c) => {
    throw nothingThere(app, c.req.path);
  });
  for (const add of ROUTES) add(app, hub);
  return app;
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
    return new Problem(404, "Not found", { detail: "No such route", hint: "GET /openapi.json" });
  return new Problem(405, "Method not allowed", { headers: { allow: offered.join(", ") } });
}
