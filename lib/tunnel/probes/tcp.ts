// The ssh host's port takes a connection: power, network, firewall and sshd's own start are in order.
import { type NoTurn, OPENING_AT_ONCE, takeTurn } from "../../ssh/handshake_turn.ts";
import { openSocket } from "../../ssh/open_socket.ts";
import type { Path } from "../path.ts";
import type { Probe, Sight } from "../probe.ts";

const TCP_MS = 5_000;
/** Kept of the round's time for what comes after the turn, or half of it where that is less. */
const AFTER_TURN_MS = 5_000;

export const tcp: Probe = {
  id: "tcp",
  wanted: ({ host, tunnel }) => `port ${host?.port ?? tunnel.ssh.port ?? 22} to be open`,
  look: async (path) => {
    if (path.isWarm) return { ok: true, saw: "open, as before" };
    // Those of a round whose time ran out before the key was shown: they would be held for good.
    path.turn?.end(false);
    path.socket?.destroy();
    const place = `${path.host?.hostname}:${path.host?.port}`;
    const leftMs = path.within(Number.POSITIVE_INFINITY);
    const withinMs = leftMs - Math.min(leftMs / 2, AFTER_TURN_MS);
    const turn = await takeTurn(place, { withinMs, signal: path.signal });
    if (typeof turn === "string") return NO_TURN[turn];
    path.turn = turn;
    const started = performance.now();
    const { remoteAddress, remotePort } = await sshSocket(path).catch((error: unknown) => {
      turn.end(false);
      throw error;
    });
    return { ok: true, saw: `connected to ${remoteAddress}:${remotePort}`, ms: performance.now() - started };
  },
  remedy: ({ host, tunnel }) =>
    `on the host: systemctl status ssh; from here: nc -vz ${host?.hostname ?? tunnel.ssh.host} ${host?.port ?? 22}; is it up, and does a firewall or a VPN stand between?`,
};

const NO_TURN: Readonly<Record<NoTurn, Sight>> = {
  none_let_in: { ok: false, saw: `the ${OPENING_AT_ONCE} connections before this one are not let in either` },
  too_many: { ok: null, saw: "not tried: the host was busy letting other tunnels in until the time ran out" },
};

export async function sshSocket(path: Path) {
  const { addresses, signal, host } = path;
  const socket = await openSocket({ addresses, port: host?.port ?? 22, deadlineMs: path.within(TCP_MS), signal });
  path.socket = socket;
  return socket;
}
