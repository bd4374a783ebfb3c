// The ssh host's port takes a connection: power, network, firewall and sshd's own start are in order.
import { openSocket } from "../../ssh/open_socket.ts";
import type { Path } from "../path.ts";
import type { Probe } from "../probe.ts";

const TCP_MS = 5_000;

export const tcp: Probe = {
  id: "tcp",
  wanted: ({ host, tunnel }) => `port ${host?.port ?? tunnel.ssh.port ?? 22} to be open`,
  look: async (path) => {
    if (path.isWarm) return { ok: true, saw: "open, as before" };
    const { remoteAddress, remotePort } = await sshSocket(path);
    return { ok: true, saw: `connected to ${remoteAddress}:${remotePort}` };
  },
  remedy: ({ host, tunnel }) =>
    `on the host: systemctl status ssh; from here: nc -vz ${host?.hostname ?? tunnel.ssh.host} ${host?.port ?? 22}; is it up, and does a firewall or a VPN stand between?`,
};

export async function sshSocket(path: Path) {
  const { addresses, signal, host } = path;
  const socket = await openSocket({ addresses, port: host?.port ?? 22, deadlineMs: path.within(TCP_MS), signal });
  path.socket = socket;
  return socket;
}
