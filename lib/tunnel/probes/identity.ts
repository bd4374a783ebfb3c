// The hub that answers is the one that this tunnel is for: a copy after a drill, or last year's, says ok as well.
import type { Probe } from "../probe.ts";

const FIELDS = ["instance_id", "system_identifier"] as const;

export const identity: Probe = {
  id: "identity",
  wanted: ({ tunnel }) => {
    const set = FIELDS.filter((field) => tunnel.health[field]);
    return set.map((field) => `${field} ${tunnel.health[field]}`).join(", ") || "nothing is configured";
  },
  look: async ({ tunnel, answer }) => {
    const set = FIELDS.filter((field) => tunnel.health[field]);
    const wrong = set.filter((field) => answer?.hub?.[field] !== tunnel.health[field]);
    const seen = (fields: readonly (typeof FIELDS)[number][]) =>
      fields.map((field) => `${field} ${answer?.hub?.[field]}`).join(", ");
    if (set.length === 0) return { ok: null, saw: seen(FIELDS), ms: null };
    if (wrong.length > 0) return { ok: false, saw: `another hub: ${seen(wrong)}`, ms: null };
    return { ok: true, saw: seen(FIELDS), ms: null };
  },
  remedy: ({ tunnel }) =>
    `find out what listens on ${tunnel.target.host}:${tunnel.target.port}, and stop it if it is not the hub; after a move of the hub, write its new ids into the list of tunnels`,
};
