// Whether a connection can be made to the hub at all. An answer may take minutes, so that silence alone says nothing; a
// machine that is off, behind the same silence, should be known in seconds.
import type { Upstream } from "./upstream.ts";

/** How long an answer may stay out before somebody looks; together with the look, 5 s. */
export const LOOK_AFTER_MS = 2_500;
const CONNECT_WITHIN_MS = 2_500;

/** @returns false only when nothing at all comes back; a refusal shows that somebody is there */
export async function isReachable(upstream: Upstream): Promise<boolean> {
  const { hostname, port, protocol } = new URL(upstream);
  const { promise: heard, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), CONNECT_WITHIN_MS);
  const connecting = Bun.connect({
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    socket: {
      open: () => resolve(true),
      connectError: () => resolve(true),
      data: () => {},
    },
  });
  connecting.then(
    (socket) => heard.then(() => socket.terminate()),
    () => resolve(true),
  );
  return heard.finally(() => clearTimeout(timer));
}
