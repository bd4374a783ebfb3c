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
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/state/health", "/metrics"]);

/** Every address of a machine: nobody's name. A browser would take 0.0.0.0 to this machine. */
export const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** @throws Problem 403 for another host or origin, 401 without the token */
export function admit(request: Request, path: string, { token, allowedHosts }: Guard): void {
  const host = request.headers.get("host");
  const known = host !== null && (isOurs(host, allowedHosts) || (token !== null && isProbe(host, path)));
  if (!known)
    throw new Problem(403, "Host not allowed", {
      detail: "This hub is not called by that name",
      hint: `Where the hub runs, add the name to STATE_HUB_ALLOWED_HOSTS: ${nameIn(host ?? "").slice(0, 100) || "hub.example"}`,
    });
  if (isFromElsewhere(request.headers, allowedHosts))
    throw new Problem(403, "Origin not allowed", { detail: "Pages of other sites may not ask this hub" });
  if (token === null || OPEN_PATHS.has(path)) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given !== undefined && sameSecret(given, token.reveal())) return;
  throw new Problem(401, "Token required", {
    detail: given === undefined ? "Send Authorization: Bearer TOKEN" : "That is not this hub's token",
    headers: { "www-authenticate": 'Bearer realm="state-hub"' },
  });
}

/**
 * Probes and scrapers call a hub that others can reach by its number, which no configuration knows before. A page that was
 * rebound to us comes with a name, never with a number.
 */
function isProbe(host: string, path: string): boolean {
  const name = nameIn(host);
  return OPEN_PATHS.has(path) && isIP(name) !== 0 && !WILDCARDS.has(name);
}

/** A browser names the origin of what may change something, and the site of everything; a link that is followed is fine. */
function isFromElsewhere(headers: Headers, allowedHosts: readonly string[]): boolean {
  const origin = headers.get("origin");
  if (origin !== null) return !isOurs(/^https?:\/\/(.*)$/i.exec(origin)?.[1] ?? "", allowedHosts);
  return headers.get("sec-fetch-site") === "cross-site" && headers.get("sec-fetch-mode") !== "navigate";
}

/** Whether only this machine can reach an address: 127.0.0.0/8, ::1, localhost (RFC 6761). */
export function isLoopback(address: string): boolean {
  const name = address.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

function isOurs(host: string, allowed: readonly string[]): boolean {
  const name = nameIn(host);
  if (name === "") return false;
  if (isLoopback(name)) return true;
  return allowed.some((each) => [host.toLowerCase(), name].includes(each.toLowerCase().replace(/^\[(.*)\]$/, "$1")));
}

/** `[fd00::1]:8000` as `fd00::1`; the empty string for what is no host with or without a port. */
function nameIn(host: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([0-9a-f:.]+)\]|([^:/?#@\s[\]]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain).toLowerCase();
}

/** Takes as long for a wrong one of any length: digests are compared. */
function sameSecret(given: string, wanted: string): boolean {
  const [one, other] = [given, wanted].map((text) => new Bun.CryptoHasher("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
