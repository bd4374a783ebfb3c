// When the last byte came through: on a line whose packets vanish nothing is refused and nothing closed, there is only silence.
// Of a unit's tunnel it is its ssh that is asked about, since that one is kept alive whether requests are made or not.
import { lastReceivedMs } from "../../systemd/last_received.ts";
import { listenersOn } from "../../systemd/listeners.ts";
import type { Path } from "../path.ts";
import type { Probe } from "../probe.ts";

export const lastByte: Probe = {
  id: "last_byte",
  always: true,
  wanted: ({ terms }) => `at most ${terms.quietMs / 1000} s ago`,
  look: async (path) => {
    const age = (await unitsSilence(path)) ?? ownSilence(path);
    if (age === null) return { ok: null, saw: "none yet", ms: null };
    return { ok: age <= path.terms.quietMs, saw: `${(age / 1000).toFixed(1)} s ago`, ms: null };
  },
  remedy: ({ tunnel }) =>
    tunnel.unit === null
      ? `ping ${tunnel.ssh.host}; the line is dead, or a firewall forgot the connection`
      : `systemctl --user restart ${tunnel.unit}`,
};

function ownSilence({ lastByteAt }: Path): number | null {
  return lastByteAt === null ? null : performance.now() - lastByteAt;
}

/** Where the unit listens here, and the kernel says it. */
async function unitsSilence({ ownPath, entry, tunnel, terms, signal }: Path): Promise<number | null> {
  if (!ownPath || entry === null) return null;
  const { host, port } = tunnel.listen;
  const pid = listenersOn(host, port)[0]?.owner?.pid;
  return pid === undefined ? null : lastReceivedMs({ env: terms.env, signal }, pid, port);
}
