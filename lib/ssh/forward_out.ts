// A channel through an ssh connection to a port that the far side reaches. ssh2 gives a refusal an empty message: whether the
// host forbids it or nothing listens behind it are two calls to two people.
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connect.ts";
import { openChannel } from "./open_channel.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `forbidden`: the host does not forward there for us. `closed`: it tried, and the target refused or did not answer it. */
export type ForwardFaultKind = "forbidden" | "closed" | "silent" | "lost";

export class ForwardFault extends Error {
  readonly kind: ForwardFaultKind;
  constructor(kind: ForwardFaultKind, message: string) {
    super(message);
    this.name = "ForwardFault";
    this.kind = kind;
  }
}

/** @throws ForwardFault */
export function forwardOut(connection: SshConnection, to: Endpoint, deadlineMs: number): Promise<ClientChannel> {
  return openChannel(connection, {
    ask: (client, done) => client.forwardOut("127.0.0.1", 0, to.host, to.port, done),
    taken: (channel) => channel,
    refused: (error) => faultOf(error, to),
    failed: (kind, message) => new ForwardFault(kind, message),
    deadlineMs,
  });
}

/** RFC 4254, 5.1: 1 is SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, 2 SSH_OPEN_CONNECT_FAILED. */
function faultOf(error: Error, { host, port }: Endpoint): ForwardFault {
  const { reason } = error as { reason?: number | string };
  const said = error.message.replace(/^\(SSH\) Channel open failure:\s*/, "").trim();
  const more = said === "" ? "" : ` (${said})`;
  if (reason === 1) return new ForwardFault("forbidden", `the host refuses to forward to ${host}:${port}${more}`);
  if (reason === 2) return new ForwardFault("closed", `nothing answers at ${host}:${port} on the far side${more}`);
  return new ForwardFault("lost", `the channel did not open${more}`);
}
