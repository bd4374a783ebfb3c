// What a request is called in the log and in problems: an id, and a path that holds no secret. Both come from a stranger.

/** Of every answer. */
export function headersNaming(requestId: string): Readonly<Record<string, string>> {
  return { "x-request-id": requestId, "x-content-type-options": "nosniff" };
}

/** A client's own id is kept where it is harmless in a log and a header; without one that is, a new one. */
export function requestIdOf(given: string | null): string {
  return given !== null && /^[\w.:-]{1,100}$/.test(given) ? given : Bun.randomUUIDv7();
}

/**
 * The path without its last slash, query or fragment.
 * @param url `http://host/path?query`; a request without a Host has a path alone, and CONNECT no path at all
 */
export function pathOf(url: string): string {
  const end = Math.min(...["?", "#"].map((mark) => url.indexOf(mark)).map((at) => (at === -1 ? url.length : at)));
  const scheme = url.startsWith("/") ? -1 : url.indexOf("://");
  const from = scheme === -1 || scheme > end ? 0 : url.indexOf("/", scheme + 3);
  return from === -1 || from > end ? "/" : withoutLastSlashes(url.slice(from, end)) || "/";
}

const SLASH = 0x2f;

/** Without a pattern: `/\/+$/` begins anew at each slash, and the time for thousands of them is the square of their number. */
export function withoutLastSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end);
}
