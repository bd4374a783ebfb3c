// Whether the unit that keeps a tunnel runs, and whether what listens at its address is its own: a stale ssh of last week, or
// another program, takes connections just as well.
import { OpsFailure } from "../failure.ts";
import { belongsTo, listenersOn } from "../systemd/listeners.ts";
import type { RunningProcess } from "../systemd/process_table.ts";
import { type RunningUnit, runningUnit } from "../systemd/unit_processes.ts";
import type { Path } from "./path.ts";
import type { Sight } from "./probe.ts";
import { reachedAt } from "./tunnel.ts";
import { isTemplates } from "./unit_settings.ts";

export const journalOf = (unit: string): string => `journalctl --user -u ${unit} -n 20 --no-pager`;

/** For a listener on the far side, where nobody can see whose it is. */
export async function unitRuns(path: Path, unit: string): Promise<Sight> {
  const state = await stateOf(path, unit);
  if (typeof state === "string") return { ok: null, saw: state };
  return { ok: isUp(state), saw: wordsOf(unit, state), ...remedyOf(unit, state) };
}

export async function unitListens(path: Path): Promise<Sight> {
  const { listen, unit } = path.tunnel;
  if (unit === null) throw new OpsFailure("Could not look", { observed: "no unit" });
  const state = await stateOf(path, unit);
  if (typeof state === "string") return { ok: null, saw: state };
  const address = `${listen.host}:${listen.port}`;
  const listeners = listenersOn(listen.host, listen.port);
  const owners = listeners.flatMap(({ owner }) => (owner === null ? [] : [owner]));
  const held = heldByOthers(owners, unit, state);
  if (!isUp(state))
    return {
      ok: false,
      saw: [wordsOf(unit, state), ...(held === "" ? [] : [`${address} is held by ${held}`])].join("; "),
      ...remedyOf(unit, state),
    };
  if (held !== "") return { ok: false, saw: `${address} is held by ${held}` };
  if (listeners.length === 0) return { ok: false, saw: `${unit} runs, and nobody listens on ${address}` };
  if (owners.length < listeners.length)
    return { ok: null, saw: `it cannot be seen whose the listener on ${address} is` };
  path.entry = { host: reachedAt(listen.host), port: listen.port };
  return { ok: true, saw: `process ${owners[0]?.pid} of ${unit} listens on ${address}` };
}

/** In words, or "": what listens there and is not what the unit runs now. */
function heldByOthers(owners: readonly RunningProcess[], unit: string, state: RunningUnit): string {
  const { controlGroup, invocation } = state;
  const words = owners.flatMap((owner) => {
    const who = `${owner.command} (process ${owner.pid})`;
    const isOfUnit = controlGroup !== null && belongsTo(owner, controlGroup);
    if (!isOfUnit) return [isUp(state) ? `${who}, which is not of ${unit}` : who];
    const isOfThisRun = owner.invocation === null || owner.invocation === invocation;
    return isUp(state) && isOfThisRun ? [] : [`${who}, left over from an earlier run of ${unit}`];
  });
  return words.join(", ");
}

/** @returns the words for why the manager cannot be asked; that is no word on the unit */
async function stateOf({ terms, signal }: Path, unit: string): Promise<RunningUnit | string> {
  try {
    return await runningUnit({ env: terms.env, signal }, unit);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OpsFailure)
      return `systemd cannot be asked: ${error.observed ?? error.message}${error.hint ? ` (try: ${error.hint})` : ""}`;
    throw error;
  }
}

function isUp({ active }: RunningUnit): boolean {
  return active === "active";
}

/** A restart is no remedy for a unit that systemd does not know. */
function remedyOf(unit: string, { load }: RunningUnit): Pick<Sight, "remedy"> {
  if (load !== "not-found") return {};
  const link = "systemctl --user link ~/state-hub-ops/systemd/active/state-hub-tunnel@.service";
  return {
    remedy: isTemplates(unit)
      ? `${link} && systemctl --user enable --now ${unit}`
      : "systemctl --user list-unit-files --type=service, and write the one that keeps it as runs_as",
  };
}

function wordsOf(unit: string, { load, active, sub, result, restarts }: RunningUnit): string {
  if (load !== "loaded") return `systemd does not know ${unit} (${load})`;
  if (active === "active") return `${unit} runs`;
  const again = restarts > 0 ? `, started again ${restarts} times` : "";
  const why = result === "" || result === "success" ? "" : `, last result ${result}`;
  return `${unit} does not run (${active}, ${sub}${why}${again})`;
}
