// The ssh host's name leads to an address, by OpenSSH's own configuration and the system's resolver.
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { OpsFailure } from "../../failure.ts";
import { resolveHost, type SshHost } from "../../ssh/resolve_host.ts";
import { within } from "../../within.ts";
import type { Path } from "../path.ts";
import type { Probe } from "../probe.ts";

const RESOLVE_MS = 5_000;

export const resolve: Probe = {
  id: "resolve",
  wanted: ({ tunnel }) => `an address for ${tunnel.ssh.host}`,
  look: async (path) => {
    if (path.isWarm && path.host !== null) return { ok: true, saw: `${path.addresses.join(", ")}, as before` };
    path.host = await sshHost(path);
    path.addresses = await addressesOf(path.host.hostname, path.within(RESOLVE_MS));
    return { ok: true, saw: path.addresses.join(", ") };
  },
  remedy: ({ tunnel }) =>
    `getent ahosts ${tunnel.ssh.host}; ssh -G ${tunnel.ssh.host} | grep -i -E '^(hostname|proxy)'`,
};

/** The named key alone is shown where one is named: an agent's others would use up the host's patience. */
async function sshHost({ tunnel, terms, round }: Path): Promise<SshHost> {
  const { host, port, user, identity_file: file } = tunnel.ssh;
  const asked = JSON.stringify([host, port, user]);
  const question = {
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    env: terms.env,
    stateHubHome: terms.home,
    signal: round.signal,
  };
  const answer = round.hosts.get(asked) ?? resolveHost(question);
  round.hosts.set(asked, answer);
  const found = await answer;
  return file === undefined ? found : { ...found, identityFiles: [file], identitiesOnly: true, agent: null };
}

async function addressesOf(name: string, ms: number): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  const found = await within(lookup(name, { all: true }), ms, null).catch(({ code }: NodeJS.ErrnoException) => {
    const unknown = code === "ENOTFOUND" || code === "ENODATA" || code === "DNS_ENOTFOUND";
    throw new OpsFailure("Could not resolve the name", {
      observed: unknown ? `nobody knows the name ${name}` : `the resolver cannot say (${code})`,
    });
  });
  if (found === null) throw new OpsFailure("Could not resolve the name", { observed: "the resolver does not answer" });
  return [...new Set(found.map(({ address }) => address))];
}
