// Requests can go into the tunnel: a check's own forward opens, or the listener that is there belongs to the unit that keeps it.
// For a unit it is never opened instead: that a tunnel could be opened says nothing of the one that agents use.

import { OpsFailure } from "../../failure.ts";
import type { SshConnection } from "../../ssh/connect.ts";
import { listenForward, listenOverThere } from "../../ssh/forward_listener.ts";
import { type Endpoint, ForwardFault, forwardOut } from "../../ssh/forward_out.ts";
import type { Path } from "../path.ts";
import type { Probe, Sight } from "../probe.ts";
import { reachedAt } from "../tunnel.ts";
import { journalOf, unitListens, unitRuns } from "../unit_state.ts";

const FORWARD_MS = 5_000;

export const forward: Probe = {
  id: "forward",
  wanted: ({ tunnel }) => {
    const { listen, target, unit, direction } = tunnel;
    const where = `${listen.host}:${listen.port}${direction === "local" ? "" : " on the far side"}`;
    return unit === null ? `a channel to ${target.host}:${target.port}` : `${unit} to listen on ${where}`;
  },
  look: async (path) => {
    const { tunnel, isWarm, connection } = path;
    if (tunnel.unit !== null && tunnel.direction === "local") return unitListens(path);
    const runs = tunnel.unit === null ? null : await unitRuns(path, tunnel.unit);
    if (runs !== null && !runs.ok) return runs;
    if (isWarm) return { ok: true, saw: "open, as before" };
    if (connection === null) throw new OpsFailure("Could not look", { observed: "no connection" });
    if (tunnel.direction === "local") return openLocal(path, connection);
    return openRemote(path, connection);
  },
  remedy: (path) => {
    const { unit, ssh, target, listen, direction } = path.tunnel;
    if (unit !== null) return `systemctl --user restart ${unit}; ${journalOf(unit)}`;
    const allowed =
      direction === "local"
        ? `permitopen="${target.host}:${target.port}"`
        : `permitlisten="${listen.host}:${listen.port}" and permitopen="${listen.host}:${listen.port}"`;
    return `on ${ssh.host}: the key's line in authorized_keys needs port-forwarding and ${allowed}, and sshd AllowTcpForwarding (sshd -T | grep -i forward)`;
  },
};

async function openLocal(path: Path, connection: SshConnection): Promise<Sight> {
  const { target } = path.tunnel;
  return enter(path, connection, target, `a channel to ${target.host}:${target.port}`);
}

/** Over there, on a free port where that is allowed, and back through the same connection. */
async function openRemote(path: Path, connection: SshConnection): Promise<Sight> {
  const { listen, target, unit } = path.tunnel;
  const port = unit === null ? await portOverThere(path, connection) : listen.port;
  const back = { host: reachedAt(listen.host), port };
  const sight = await enter(
    path,
    connection,
    back,
    `${listen.host}:${port} on the far side leads to ${target.host}:${target.port} here`,
  );
  const nobody = path.listener === null || path.listener.fault()?.kind === "closed";
  return nobody ? { ok: false, saw: `nobody listens on ${back.host}:${port} on the far side` } : sight;
}

async function portOverThere(path: Path, connection: SshConnection): Promise<number> {
  const { listen, target } = path.tunnel;
  const ask = (port: number) =>
    listenOverThere(connection, { host: listen.host, port }, { to: target, deadlineMs: path.within(FORWARD_MS) });
  try {
    return await ask(0);
  } catch (error) {
    // A restricted account may listen on the tunnel's own port alone.
    if (!(error instanceof ForwardFault) || error.kind !== "forbidden" || listen.port === 0) throw error;
    await ask(listen.port);
    return listen.port;
  }
}

async function enter(path: Path, connection: SshConnection, to: Endpoint, saw: string): Promise<Sight> {
  const deadlineMs = path.within(FORWARD_MS);
  const first = await forwardOut(connection, to, deadlineMs).catch((error: unknown) => {
    // The host forwards for us; that nothing answers behind it is the next layer's.
    if (error instanceof ForwardFault && error.kind === "closed") return null;
    throw error;
  });
  path.listener = await listenForward(connection, { to, deadlineMs, first });
  path.entry = { host: "127.0.0.1", port: path.listener.port };
  return first === null ? { ok: true, saw: "the host forwards, and finds nothing there" } : { ok: true, saw };
}
