// What tunnels.yaml says of this tunnel can be true: a pinned host key above all, and an address of its own.
import type { Probe } from "../probe.ts";

export const config: Probe = {
  id: "config",
  wanted: () => "a pinned host key, and a listener of its own",
  look: async ({ tunnel }) => ({
    ok: tunnel.problems.length === 0,
    saw: tunnel.problems.join("; ") || (tunnel.unit ?? "opened for this check"),
  }),
  remedy: ({ tunnel }) =>
    tunnel.problems.some((problem) => problem.includes("host_key"))
      ? `ssh-keyscan -p ${tunnel.ssh.port ?? 22} ${tunnel.ssh.host} | ssh-keygen -lf -, compare with what the host's administrator reads on the host itself, and write it as ssh.host_key`
      : "write another listen.port, or another unit, into the list of tunnels",
};
