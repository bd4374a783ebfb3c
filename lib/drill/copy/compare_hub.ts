// Starts the hub itself over the copy and asks what a client would ask: rows that are all there do not yet make a hub that works.
import { digestOfText } from "../../canonical.ts";
import { OpsFailure } from "../../failure.ts";
import type { Difference } from "../evidence/report.ts";
import type { HubPart } from "../hub_part.ts";
import type { Facts, HubFacts } from "../source/facts.ts";
import type { CopyTarget } from "./copy_target.ts";

/** How the hub over the copy answered; `not_applicable`: the source is no hub. */
export interface HubVerdict {
  readonly hub: "equal" | "differs" | "not_applicable";
  readonly differences: readonly Difference[];
}

const ANSWER_WITHIN_MS = 60_000;

/** @throws OpsFailure (automation) when the hub cannot be started over the copy, or does not answer */
export async function compareHub(
  { hub: expected }: Pick<Facts, "hub">,
  target: CopyTarget,
  { hub, signal }: { readonly hub: HubPart; readonly signal: AbortSignal },
): Promise<HubVerdict> {
  if (expected === null) return { hub: "not_applicable", differences: [] };
  const { instance_id: instance, summary: wanted } = requireSeen(expected);
  const server = await hub.serveReadOnly({ url: target.url, log: () => {} });
  try {
    const health = await answer(`${server.url}/state/health`, signal);
    const summary = await answer(`${server.url}/state/summary?as_of=${encodeURIComponent(expected.as_of)}`, signal);
    const differences = [
      ...differingHealth(health, { instance, cluster: target.server.system_identifier }),
      ...differingSummary(wanted, summary),
    ];
    return { hub: differences.length === 0 ? "equal" : "differs", differences };
  } finally {
    await server.stop();
  }
}

/** A schema that is not this toolkit's, or a role that does not see it: nothing is known of the answers, and nothing is wrong. */
function requireSeen({ instance_id, summary, unseen }: HubFacts): { instance_id: string; summary: string } {
  if (instance_id !== null && summary !== null) return { instance_id, summary };
  throw new OpsFailure("Could not compare the hub's answers", {
    observed: `the source's own could not be computed: ${unseen}`,
    hint: "scripts/state_hub.ts migrate --status",
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function answer(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]) });
    return { status: response.status, body: await response.text() };
  } catch (cause) {
    signal.throwIfAborted();
    throw new OpsFailure("Could not ask the hub over the copy", { where: url, cause });
  }
}

/** The same hub, in the copy's cluster: one that answers with another cluster's identifier is not the hub over the copy. */
function differingHealth(
  { status, body }: Answer,
  { instance, cluster }: { readonly instance: string; readonly cluster: string },
): Difference[] {
  const kind = "/state/health";
  if (status !== 200) return [{ kind, object: "status", expected: "200", actual: `${status} ${body.slice(0, 200)}` }];
  const found = jsonOf(body);
  return Object.entries({ instance_id: instance, system_identifier: cluster })
    .filter(([object, expected]) => found[object] !== expected)
    .map(([object, expected]) => ({ kind, object, expected, actual: String(found[object]) }));
}

function differingSummary(expected: string, { status, body }: Answer): Difference[] {
  if (status === 200 && body === expected) return [];
  const kind = "/state/summary";
  if (status !== 200) return [{ kind, object: "status", expected: "200", actual: `${status} ${body.slice(0, 200)}` }];
  const [left, right] = [jsonOf(expected), jsonOf(body)];
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const differing = keys.filter((key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]));
  const shown = (from: Record<string, unknown>, key: string) => (JSON.stringify(from[key]) ?? "nothing").slice(0, 200);
  if (differing.length > 0)
    return differing.map((key) => ({ kind, object: key, expected: shown(left, key), actual: shown(right, key) }));
  return [{ kind, object: "bytes", expected: digestOfText(expected), actual: digestOfText(body) }];
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
