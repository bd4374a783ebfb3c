// What a client is told when it cannot have what it asked for: problem details (RFC 9457), one shape for every failure.
// Nothing of the inside comes along: no statement, no stack, no text that a driver made.

import { headersNaming } from "./request_names.ts";

/** One field that is not as it must be. */
export interface FieldError {
  /** `body.status`, `query.limit`, `header.if-match`. */
  readonly at: string;
  readonly message: string;
}

export interface ProblemDetail {
  readonly detail?: string;
  /** The next thing to try. */
  readonly hint?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members, such as the path and line of the file that a value belongs to. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Thrown by whoever answers a request; the transaction that it ends is rolled back. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly given: ProblemDetail;

  /** @param title the same for every problem of its kind: "Stale version" */
  constructor(status: number, title: string, given: ProblemDetail = {}) {
    super(title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.given = given;
  }
}

/** RFC 9457: the type names the kind, for programs. `urn:state-hub:problem:stale-version`. */
export function problemResponse({ status, title, given }: Problem, request: { path: string; id: string }): Response {
  const { detail, hint, errors, headers, more } = given;
  const type = `urn:state-hub:problem:${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const body = { type, title, status, detail, hint, errors, ...more, instance: request.path, request_id: request.id };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
      ...headersNaming(request.id),
    },
  });
}

export function notFound(what: string, id: string): Problem {
  return new Problem(404, "Not found", { detail: `No ${what} has the id ${id}` });
}
