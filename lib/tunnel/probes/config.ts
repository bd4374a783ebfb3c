// What tunnels.yaml says of this tunnel can be true: a pinned host key above all, and an address of its own. And a unit that keeps
// it was told the same: with settings of an earlier list it works until its next restart, and as nobody reads it any more.
import { configFlag } from "../config_flag.ts";
import type { Path } from "../path.ts";
import type { Probe } from "../probe.ts";
import { ownList } from "../read_tunnels.ts";
import { staleSettings } from "../unit_settings.ts";

export const config: Probe = {
  id: "config",
  wanted: () => "a pinned host key, a listener of its own, and a unit that has what the list says",
  look: async ({ tunnel, terms }) => {
    if (tunnel.problems.length > 0) return { ok: false, saw: tunnel.problems.join("; ") };
    const stale = staleSettings(tunnel, terms.env.HOME ?? "/");
    if (stale !== "") return { ok: false, saw: stale };
    return { ok: true, saw: tunnel.unit ?? "opened for this check" };
  },
  remedy: (path) => {
    const { tunnel } = path;
    if (tunnel.problems.length === 0) return renderAnew(path);
    return tunnel.problems.some((problem) => problem.includes("host_key"))
      ? `ssh-keyscan -p ${tunnel.ssh.port ?? 22} ${tunnel.ssh.host} | ssh-keygen -lf -, compare with what the host's administrator reads on the host itself, and write it as ssh.host_key`
      : "write another listen.port, or another unit, into the list of tunnels";
  },
};

function renderAnew({ tunnel, terms }: Path): string {
  const { name, list, unit } = tunnel;
  const flag = configFlag(list === ownList(terms.env.HOME ?? "/") ? undefined : list);
  const render = `scripts/tunnel_health.ts render ${name}${flag}`;
  return `${render} && systemctl --user restart ${unit}`;
}
