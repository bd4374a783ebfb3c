// One request from its first byte to its line in the log: admitted, its body read, answered, and every failure turned into
// a problem. The request id is in all of them, so that what a client saw can be found in the log.
import { readJsonBody } from "./body.ts";
import { admit, type Guard } from "./guard.ts";
import type { HubApp } from "./offer.ts";
import { Problem, problemResponse } from "./problem.ts";
import { problemOf } from "./problem_of.ts";
import { pathOf, requestIdOf } from "./request_names.ts";

/** What the log and the metrics are told of each request. */
export interface Served {
  readonly requestId: string;
  readonly method: string;
  /** Without the query: it may hold what nobody should read in a log. */
  readonly path: string;
  /** The route as it is described; null where none matched. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
  /** What a bug threw; a client gets none of it. */
  readonly bug: unknown;
}

export interface Answering {
  readonly app: HubApp;
  readonly guard: Guard;
  readonly served: (served: Served) => void;
  /** Aborted when the hub stops. */
  readonly stopping: AbortSignal;
}

/** @param mayTakeLong lifts the connection's idle timeout for this request */
export async function answer(
  request: Request,
  { app, guard, served, stopping }: Answering,
  mayTakeLong: () => void,
): Promise<Response> {
  const started = performance.now();
  const requestId = requestIdOf(request.headers.get("x-request-id"));
  const { method } = request;
  const path = pathOf(request.url);
  let route: string | null = null;
  let bug: unknown;
  const matched = (pattern: string) => {
    route = pattern;
  };
  let response: Response;
  try {
    admit(request, path, guard);
    requireKnown(method);
    requireAcceptable(request.headers.get("accept"));
    const read = WITH_BODY.has(method) ? await withBody(request, stopping) : request;
    response = await app.fetch(read, { requestId, mayTakeLong, matched });
  } catch (error) {
    const { problem, isBug } = problemOf(error);
    if (isBug) bug = error;
    response = problemResponse(problem, { path, id: requestId });
  }
  served({ requestId, method, path, route, status: response.status, durationMs: performance.now() - started, bug });
  return response;
}

const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PATCH", "PUT", "DELETE"]);

/** The framework would take a body of another media type for none at all, and not check it. */
async function withBody(request: Request, stopping: AbortSignal): Promise<Request> {
  const body = await readJsonBody(request, stopping);
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  return new Request(request.url, { method: request.method, headers, body });
}

/** CONNECT, TRACE and whatever else a server passes on: their targets need not even be paths. */
function requireKnown(method: string): void {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS" || WITH_BODY.has(method)) return;
  throw new Problem(405, "Method not allowed", { headers: { allow: "GET, HEAD, POST, PATCH" } });
}

const OFFERED =
  /\*\/\*|application\/(\*|json|problem\+json|openmetrics-text)|text\/(\*|html|plain|css|javascript)|image\//i;

function requireAcceptable(accept: string | null): void {
  if (accept === null || OFFERED.test(accept)) return;
  throw new Problem(406, "Not acceptable", { detail: "The hub answers application/json" });
}
