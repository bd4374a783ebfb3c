// The hub behind the proxy: whether its address may be used, and what becomes of a path on its way there.
import { usageFailure } from "../../failure.ts";
import { printableUrl } from "../../secret.ts";
import { isLoopback } from "../http/guard.ts";

/** Without a last slash, query, fragment or credentials: paths are added to it. */
export type Upstream = string;

/** @throws OpsFailure (usage) for what is no plain http or https URL, and for one with credentials (never printed) */
export function upstreamOf(url: string): Upstream {
  const parsed = URL.parse(url);
  const refuse = (observed: string, expected: string) =>
    usageFailure("Could not use the URL of the hub behind the proxy", {
      observed,
      expected,
      hint: "scripts/state_hub.ts serve --proxy https://hub.example",
    });
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw refuse(printableUrl(url), "http://HOST:PORT or https://HOST, with a path where it has one");
  if (parsed.username !== "" || parsed.password !== "")
    throw refuse(
      "a URL with credentials",
      "a URL without: the token comes from STATE_HUB_TOKEN or STATE_HUB_TOKEN_FILE",
    );
  if (parsed.search !== "" || parsed.hash !== "") throw refuse("a URL with a query or a fragment", "a URL without");
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}

/** @throws OpsFailure (usage): whoever reaches the proxy speaks with its token, so that only this machine may */
export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw usageFailure("Could not open the proxy to others", {
    observed: `--host ${host}`,
    expected: "a loopback address: whoever reaches the proxy speaks with its token",
    hint: "scripts/state_hub.ts serve --proxy URL --host 127.0.0.1",
  });
}

/** Path and query below the upstream's own path; `..` in it was resolved before, and cannot leave that path. */
export function targetOf(upstream: Upstream, requested: string): string {
  const { pathname, search } = new URL(requested);
  return `${upstream}${pathname}${search}`;
}

/** Whether others on the way can read what is sent, the token with it. */
export function isReadable(upstream: Upstream): boolean {
  const { protocol, hostname } = new URL(upstream);
  return protocol === "http:" && !isLoopback(hostname);
}
