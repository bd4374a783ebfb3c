// When the last byte came through: on a line whose packets vanish nothing is refused and nothing closed, there is only silence.
import type { Probe } from "../probe.ts";

export const lastByte: Probe = {
  id: "last_byte",
  always: true,
  wanted: ({ terms }) => `at most ${terms.quietMs / 1000} s ago`,
  look: async ({ lastByteAt, terms }) => {
    if (lastByteAt === null) return { ok: null, saw: "none yet", ms: null };
    const age = performance.now() - lastByteAt;
    return { ok: age <= terms.quietMs, saw: `${(age / 1000).toFixed(1)} s ago`, ms: null };
  },
  remedy: ({ tunnel }) =>
    tunnel.unit === null
      ? `ping ${tunnel.ssh.host}; the line is dead, or a firewall forgot the connection`
      : `systemctl --user restart ${tunnel.unit}`,
};
