// What a connection that did not come up is called, by the level at which ssh2 says it broke. A refused key, a closed port
// and a host that is silent call for three different next commands.
import { OpsFailure } from "../failure.ts";
import type { Identities } from "./identities.ts";
import type { SshHost } from "./resolve_host.ts";

interface Attempt {
  readonly host: SshHost;
  readonly identities: Identities;
  readonly deadlineMs: number;
}

export function connectFailure({ host, identities, deadlineMs }: Attempt, error: unknown): OpsFailure {
  const { level = "", message = "", code = "" } = (error ?? {}) as { level?: string; message?: string; code?: string };
  const reasons: Readonly<Record<string, string>> = {
    "client-timeout": `no answer within ${Math.round(deadlineMs / 100) / 10} s`,
    "client-authentication": letNobodyIn(identities),
    "client-socket": code === "ECONNREFUSED" ? "nothing listens on the port" : message || code,
    "client-dns": "the name is not known",
    agent: `the agent did not sign: ${message}`,
    closed: "the other side ended the connection",
  };
  return new OpsFailure("Could not connect by ssh", {
    observed: reasons[level] ?? (message || "the connection ended"),
    where: `${host.user}@${host.hostname}:${host.port}`,
    hint: `${host.command} true`,
  });
}

function letNobodyIn({ keys, unused }: Identities): string {
  if (keys.length === 0 && unused.length > 0) return `no key could be shown: ${unused.join("; ")}`;
  const tried = keys.length > 0 ? `shown: ${keys.map(({ file }) => file).join(", ")}` : "shown: those of the agent";
  return [`it let none of our keys in (${tried})`, ...unused].join("; ");
}
