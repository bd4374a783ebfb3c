// One round of all probes on one tunnel. Whatever a probe throws is what it saw; a layer on a broken one is not tried.
import { describeFailure, OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";
import { within } from "../within.ts";
import { judge } from "./judge.ts";
import type { Path, Round } from "./path.ts";
import type { Probe, Sight } from "./probe.ts";
import { PROBES } from "./probes.ts";
import type { ProbeId, ProbeResult, TunnelReport } from "./report.ts";

/** The layers that only a connection of the check's own goes through. */
const OF_SSH: readonly ProbeId[] = ["resolve", "tcp", "host_key", "auth"];
/** What is not known of them leaves nothing to look at above. */
const NEEDED: readonly ProbeId[] = ["tcp", "forward", "health"];
/** Shorter than that nothing can be found out about a host. */
const LEAST_MS = 100;
/** Of what the far side says: it may say megabytes, and a report is read by people. */
const SAW_AT_MOST = 300;

/** @throws the signal's reason when aborted; all else is in the report. The path stays open: the caller closes it. */
export async function checkTunnel(path: Path, round: Round): Promise<TunnelReport> {
  path.round = round;
  path.answer = null;
  // A line that is silent must leave time to ask the hub through the unit's own connection.
  const forSsh = path.ownPath
    ? { ...round, deadline: performance.now() + path.within(Number.POSITIVE_INFINITY) / 2 }
    : round;
  const probes: ProbeResult[] = [];
  for (const probe of PROBES) {
    round.signal.throwIfAborted();
    path.round = OF_SSH.includes(probe.id) ? forSsh : round;
    probes.push(await lookOnce(probe, path, blocker(probe, probes, path)));
  }
  const isOfEarlierList = isSound(path);
  const judged = judge(probes, { ownPath: path.ownPath, isOfEarlierList, slowMs: path.terms.slowMs });
  return { name: path.tunnel.name, ...judged, probes };
}

/** Nothing is wrong with what the list says: config then fails for settings of an earlier list alone, which stop nothing. */
function isSound({ tunnel }: Path): boolean {
  return tunnel.problems.length === 0;
}

/** The lowest broken layer that this one stands on, or null. */
function blocker(probe: Probe, before: readonly ProbeResult[], path: Path): ProbeId | null {
  if (probe.always) return null;
  const { ownPath } = path;
  const isBroken = ({ id, ok }: ProbeResult) =>
    ok === null ? NEEDED.includes(id) : !ok && !(id === "config" && isSound(path));
  const broken = before.filter(isBroken);
  const under = ownPath && !OF_SSH.includes(probe.id) ? broken.filter(({ id }) => !OF_SSH.includes(id)) : broken;
  return under[0]?.id ?? null;
}

async function lookOnce(probe: Probe, path: Path, blockedBy: ProbeId | null): Promise<ProbeResult> {
  const head = { id: probe.id, wanted: probe.wanted(path) };
  const open = (saw: string) => ({ ...head, ok: null, ms: null, saw, remedy: null });
  if (blockedBy !== null) return open(`not tried: it stands on ${blockedBy}`);
  const left = path.within(Number.POSITIVE_INFINITY);
  if (left < LEAST_MS && !probe.always) return open("not tried: the time ran out");
  const started = performance.now();
  const sight = await sightOf(probe, path, left);
  const ms = sight.ms === undefined ? performance.now() - started : sight.ms;
  const remedy = sight.ok === false ? (sight.remedy ?? probe.remedy(path)) : null;
  return {
    ...head,
    ok: sight.ok,
    ms: ms === null ? null : Math.round(ms * 10) / 10,
    saw: shortened(sight.saw),
    remedy,
  };
}

async function sightOf(probe: Probe, path: Path, left: number): Promise<Sight> {
  try {
    return await within(probe.look(path), left + LEAST_MS, {
      ok: false,
      saw: `nothing came of it within ${(left / 1000).toFixed(1)} s`,
    });
  } catch (error) {
    path.signal.throwIfAborted();
    // Its own words, without "Could not ...": the probe says that already.
    const saw = error instanceof OpsFailure && error.observed !== undefined ? error.observed : describeFailure(error);
    return { ok: false, saw: scrubText(saw) };
  }
}

function shortened(saw: string): string {
  return saw.length <= SAW_AT_MOST ? saw : `${saw.slice(0, SAW_AT_MOST - 1)}…`;
}
