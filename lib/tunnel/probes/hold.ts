// A request may stay quiet for as long as a sweep takes: a proxy on the path that cuts at 30 s breaks sweeps and nothing else.
import { OpsFailure } from "../../failure.ts";
import { holdRequest } from "../hold_request.ts";
import type { Probe } from "../probe.ts";

export const hold: Probe = {
  id: "hold",
  wanted: ({ terms }) =>
    terms.holdSeconds === null
      ? "nothing is asked (--hold SECONDS)"
      : `a quiet request to live for ${terms.holdSeconds} s`,
  look: async ({ terms, entry, tunnel, signal }) => {
    if (terms.holdSeconds === null) return { ok: null, saw: "not asked", ms: null };
    if (entry === null) throw new OpsFailure("Could not look", { observed: "nothing to ask through" });
    const held = await holdRequest(entry, { path: tunnel.health.path, seconds: terms.holdSeconds, signal });
    const after = `after ${(held.ms / 1000).toFixed(1)} s`;
    return held.cut === null ? { ok: true, saw: `answered ${after}` } : { ok: false, saw: `cut ${after}: ${held.cut}` };
  },
  remedy: () =>
    "raise the idle and read time-outs of every proxy and load balancer on the path to 360 s at least; a tunnel's own end is kept by ServerAliveInterval",
};
