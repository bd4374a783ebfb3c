// Who may ask. On loopback anybody on this machine; on any other address only who has the token. A browser that was sent
// to us by somebody else's page (DNS rebinding, a cross-site form) names a host or an origin that is not ours.
import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Secret } from "../../secret.ts";
import { Problem } from "./problem.ts";

export interface Guard {
  /** null: no token is asked for. */
  readonly token: Secret | null;
  /** Names beside loopback's, with or without a port. */
  readonly allowedHosts: readonly string[];
}

/** For probes and scrapers, which have no token. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/state/health", "/metrics"]);

/** @throws Problem 403 for another host or origin, 401 without the token */
export function admit(request: Request, path: string, { token, allowedHosts }: Guard): void {
  const host = request.headers.get("host");
  if (host === null || !isOurs(host, allowedHosts))
    throw new Problem(403, "Host not allowed", {
      detail: "This hub is not called by that name",
      hint: "Set STATE_HUB_ALLOWED_HOSTS where the hub runs",
    });
  const origin = request.headers.get("origin");
  if (origin !== null && !isOurs(origin.replace(/^https?:\/\//, ""), allowedHosts))
    throw new Problem(403, "Origin not allowed", { detail: "Pages of other sites may not ask this hub" });
  if (token === null || OPEN_PATHS.has(path)) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given !== undefined && sameSecret(given, token.reveal())) return;
  throw new Problem(401, "Token required", {
    detail: given === undefined ? "Send Authorization: Bearer TOKEN" : "That is not this hub's token",
    headers: { "www-authenticate": 'Bearer realm="state-hub"' },
  });
}

/** Whether only this machine can reach an address: 127.0.0.0/8, ::1, localhost (RFC 6761). */
export function isLoopback(address: string): boolean {
  const name = address.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

function isOurs(host: string, allowed: readonly string[]): boolean {
  const [, name = ""] = /^(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  if (name === "") return false;
  if (isLoopback(name)) return true;
  return allowed.some((each) => [host, name].some((said) => said.toLowerCase() === each.toLowerCase()));
}

/** Takes as long for a wrong one of any length: digests are compared. */
function sameSecret(given: string, wanted: string): boolean {
  const [one, other] = [given, wanted].map((text) => new Bun.CryptoHasher("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
