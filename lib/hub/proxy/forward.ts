// One request on its way to the hub and back: bodies pass through as they come, in both directions, and are never kept.
// An answer may take minutes (a sweep that somebody waits for): only reaching the hub has a limit.
import type { Secret } from "../../secret.ts";
import { admit } from "../http/guard.ts";
import { Problem, problemResponse } from "../http/problem.ts";
import { pathOf, requestIdOf } from "../http/request_names.ts";
import { requestHeaders, responseHeaders, VIA } from "./passed_headers.ts";
import { isReachable, LOOK_AFTER_MS } from "./reachable.ts";
import { targetOf, type Upstream } from "./upstream.ts";

export interface Forwarding {
  readonly upstream: Upstream;
  /** null: none is added. */
  readonly token: Secret | null;
}

/** What the log is told of each request. */
export interface Forwarded {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]);

/** Never throws. @param told when the answer begins */
export async function forward(
  request: Request,
  forwarding: Forwarding,
  told: (forwarded: Forwarded) => void,
): Promise<Response> {
  const started = performance.now();
  const requestId = requestIdOf(request.headers.get("x-request-id"));
  const { method } = request;
  const path = pathOf(request.url);
  let response: Response;
  try {
    // Whoever is let through speaks with our token: pages of other sites are not.
    admit(request, path, { token: null, allowedHosts: [] });
    requirePassable(request);
    response = await answerOf(request, requestId, forwarding);
  } catch (error) {
    const problem = error instanceof Problem ? error : unreachable(codeOf(error));
    response = problemResponse(problem, { path, id: requestId });
  }
  response.headers.set("x-request-id", requestId);
  told({ requestId, method, path, status: response.status, durationMs: performance.now() - started });
  return response;
}

function requirePassable({ method, headers }: Request): void {
  if (!METHODS.has(method)) throw new Problem(405, "Method not allowed");
  if ((headers.get("via") ?? "").includes(VIA))
    throw new Problem(508, "Loop detected", {
      detail: "The proxy was told to forward to itself, or to another proxy",
      hint: "Give serve --proxy the address of the hub",
    });
}

async function answerOf(request: Request, requestId: string, { upstream, token }: Forwarding): Promise<Response> {
  const silent = new AbortController();
  let answered = false;
  const look = setTimeout(async () => {
    // An answer that has begun meanwhile may go on for long, and must not be cut.
    if (!(await isReachable(upstream)) && !answered) silent.abort();
  }, LOOK_AFTER_MS);
  try {
    const answer = await fetch(targetOf(upstream, request.url), {
      method: request.method,
      headers: requestHeaders(request.headers, requestId, token),
      body: request.body,
      // A kept connection may just have closed; what is sent on one a second time would be done twice.
      keepalive: request.body === null,
      redirect: "manual",
      decompress: false,
      timeout: false,
      signal: AbortSignal.any([request.signal, silent.signal]),
    } as RequestInit);
    answered = true;
    return new Response(answer.body, { status: answer.status, headers: responseHeaders(answer.headers) });
  } finally {
    clearTimeout(look);
  }
}

/** The system's or TLS' own word, such as ECONNREFUSED: a certificate that is refused is no tunnel that is down. */
function codeOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && /^\w+$/.test(code) ? code : null;
}

function unreachable(code: string | null): Problem {
  return new Problem(502, "Hub unreachable", {
    detail: `The hub behind this proxy does not answer${code === null ? "" : ` (${code})`}`,
    hint: "Is the tunnel up? Ask it directly, or look at this proxy's --proxy URL",
    headers: { "retry-after": "5" },
  });
}
