// Which headers go through the proxy. Those of one connection end with it (RFC 9110, 7.6.1); the token is the proxy's to
// add, and the browser's words about where a request came from were judged here and are not the hub's business.
import type { Secret } from "../../secret.ts";

const OF_ONE_CONNECTION = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
const JUDGED_HERE = ["host", "origin", "referer", "cookie", "expect"];
/** Says that a request came through here: a proxy that is told to forward to itself would do so for ever. */
export const VIA = "1.1 state-hub-proxy";

/** @param token null: whatever the client sent stays */
export function requestHeaders(given: Headers, requestId: string, token: Secret | null): Headers {
  const headers = withoutConnection(given);
  for (const name of JUDGED_HERE) headers.delete(name);
  if (token !== null) headers.set("authorization", `Bearer ${token.reveal()}`);
  headers.set("x-request-id", requestId);
  headers.append("via", VIA);
  return headers;
}

export function responseHeaders(given: Headers): Headers {
  return withoutConnection(given);
}

function withoutConnection(given: Headers): Headers {
  const headers = new Headers(given);
  const named = (given.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of [...OF_ONE_CONNECTION, ...named]) if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers.delete(name);
  return headers;
}
