// A State Hub answers through the tunnel, and says that it can do its work. A port that is open, or a 200 of anything else, is
// no hub.
import { OpsFailure } from "../../failure.ts";
import { ForwardFault, type ForwardFaultKind, forwardOut } from "../../ssh/forward_out.ts";
import { askHealth } from "../ask_health.ts";
import type { Path } from "../path.ts";
import type { Probe, Sight } from "../probe.ts";

const HEALTH_MS = 5_000;
const REASON_MS = 1_000;
const TOLD: readonly ForwardFaultKind[] = ["forbidden", "closed"];
/** A slow answer may be the first on a new line, or a busy moment of this machine: the best of three counts. */
const TRIES = 3;

export const health: Probe = {
  id: "health",
  wanted: ({ tunnel, terms }) => `GET ${tunnel.health.path} to say ok, within ${terms.slowMs} ms`,
  look: async (path) => {
    for (let tried = 1; ; tried++) {
      const answer = await ask(path);
      if (path.answer === null || answer.ms < path.answer.ms || answer.hub === null) path.answer = answer;
      const isEnough = answer.hub === null || path.answer.ms <= path.terms.slowMs || tried === TRIES;
      if (isEnough || path.within(HEALTH_MS) < HEALTH_MS) return sightOf(path.answer, path);
    }
  },
  remedy: (path) => {
    const { health: asked, target } = path.tunnel;
    const { host, port } = target;
    return `${hubsHost(path)}: curl -sS http://${host}:${port}${asked.path}; ss -ltnp 'sport = :${port}'; systemctl --user status state-hub.service`;
  },
};

function hubsHost({ tunnel }: Path): string {
  return tunnel.direction === "local" ? `on ${tunnel.ssh.host}` : "on this machine";
}

async function ask(path: Path) {
  const { entry, tunnel, signal, agent } = path;
  if (entry === null) throw new OpsFailure("Could not look", { observed: "nothing to ask through" });
  const deadlineMs = path.within(HEALTH_MS);
  try {
    return await askHealth(entry, { path: tunnel.health.path, deadlineMs, signal, agent, onBytes: path.heard });
  } catch (error) {
    throw path.listener?.fault() ?? (await faultBehindUnit(path)) ?? error;
  }
}

/** A unit's ssh closes what does not go on, and says why in its log alone; a connection of the check's own is told the reason. */
async function faultBehindUnit(path: Path): Promise<ForwardFault | null> {
  const { ownPath, connection, tunnel } = path;
  if (!ownPath || connection === null) return null;
  try {
    (await forwardOut(connection, tunnel.target, path.within(REASON_MS))).close();
    return null;
  } catch (fault) {
    return fault instanceof ForwardFault && TOLD.includes(fault.kind) ? fault : null;
  }
}

function sightOf({ hub, status, said, ms }: NonNullable<Path["answer"]>, path: Path): Sight {
  if (hub !== null) return { ok: true, saw: `ok, database ${hub.db ?? "not named"}`, ms };
  if (status === 200) return { ok: false, saw: `an answer 200 that is no State Hub's: ${said}`, ms };
  const saw = `status ${status}${said === "" ? "" : `: ${said}`}`;
  const remedy = DATABASE_REMEDIES.find(([title]) => said.startsWith(title))?.[1];
  return { ok: false, saw, ms, ...(remedy === undefined ? {} : { remedy: `${hubsHost(path)}: ${remedy}` }) };
}

/** The hub answers, and what it says of its database calls for something else than looking at the hub. */
const DATABASE_REMEDIES: readonly (readonly [title: string, remedy: string])[] = [
  [
    "Database read-only",
    'psql "$DATABASE_URL" -c "select pg_is_in_recovery()"; t is a standby: promote it, or lead DATABASE_URL to the server that takes changes',
  ],
  ["Database unavailable", 'psql "$DATABASE_URL" -c "select 1"; systemctl status postgresql'],
];
