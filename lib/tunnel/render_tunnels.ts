// What a tunnel's unit and its far side need, as texts: settings for OpenSSH that read nothing of the account's own, and the
// line that lets the key in for this tunnel and nothing else. (pure, but for the types)
import type { PinnedKey } from "../ssh/pinned_key.ts";
import type { Tunnel } from "./tunnel.ts";

export interface UnitFiles {
  readonly ssh_config: string;
  readonly known_hosts: string;
}

/** Seconds of silence until ssh asks, and how often it asks in vain: 45 s until a dead line is given up. */
const ALIVE = { interval: 15, most: 3 };
const CONNECT_S = 15;

/** One key is shown, one host is believed, and nobody is asked. */
const TRUST = [
  "IdentitiesOnly yes",
  "IdentityAgent none",
  "BatchMode yes",
  "PreferredAuthentications publickey",
  "StrictHostKeyChecking yes",
  "HostKeyAlias tunnel",
];

/** It ends when it cannot forward or hears nothing, and does nothing but forward. */
const BEHAVIOUR = [
  "ExitOnForwardFailure yes",
  `ConnectTimeout ${CONNECT_S}`,
  `ServerAliveInterval ${ALIVE.interval}`,
  `ServerAliveCountMax ${ALIVE.most}`,
  "TCPKeepAlive yes",
  "ControlMaster no",
  "ControlPath none",
  "ForwardAgent no",
  "ForwardX11 no",
  "PermitLocalCommand no",
  "RequestTTY no",
  "SessionType none",
  "EscapeChar none",
  "LogLevel INFO",
];

/** @param folder where both files will lie, absolute */
export function unitFiles(tunnel: Tunnel, key: NonNullable<PinnedKey["key"]>, folder: string): UnitFiles {
  const { ssh, listen, target, direction, name } = tunnel;
  const forward = direction === "local" ? "LocalForward" : "RemoteForward";
  const settings = [
    `HostName ${ssh.host}`,
    `Port ${ssh.port ?? 22}`,
    ...(ssh.user === undefined ? [] : [`User ${ssh.user}`]),
    `IdentityFile "${ssh.identity_file}"`,
    ...TRUST,
    `UserKnownHostsFile "${folder}/known_hosts"`,
    "GlobalKnownHostsFile none",
    "UpdateHostKeys no",
    `HostKeyAlgorithms ${key.type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : key.type}`,
    `${forward} ${bracketed(listen.host)}:${listen.port} ${bracketed(target.host)}:${target.port}`,
    ...BEHAVIOUR,
  ];
  const lines = [
    `# Of the tunnel ${name}, by scripts/tunnel_health.ts render from the list of tunnels; change it there.`,
    "Host tunnel",
    ...settings.map((setting) => `  ${setting}`),
  ];
  return {
    ssh_config: `${lines.join("\n")}\n`,
    known_hosts: `tunnel ${key.type} ${key.blob.toString("base64")}\n`,
  };
}

/**
 * For ~/.ssh/authorized_keys on the far side (sshd(8)). Each direction that is not wanted is led to a name that nobody has:
 * without a permit of its own kind it would be open to everything.
 */
export function authorizedKeysLine({ direction, listen, target, name }: Tunnel, publicKey: string): string {
  const nowhere = "none:1";
  const listened = `${bracketed(listen.host)}:${listen.port}`;
  const open = direction === "local" ? `${bracketed(target.host)}:${target.port}` : listened;
  const listen_ = direction === "local" ? nowhere : listened;
  const options = [
    "restrict",
    "port-forwarding",
    `permitopen="${open}"`,
    `permitlisten="${listen_}"`,
    'command="/bin/false"',
  ];
  const [type = "", key = ""] = publicKey.trim().split(/\s+/);
  return `${options.join(",")} ${type} ${key} state-hub-tunnel-${name}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
