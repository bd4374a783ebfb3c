// Whether the hub at an address can do its work now: a scheduled run that requires it steps aside where it cannot, and the
// next slot comes soon. A pod may ask for some seconds: its network can come up after its program.
import { setTimeout as delay } from "node:timers/promises";
import type { Secret } from "../../secret.ts";
import { askAgain } from "./answers.ts";
import { askHub } from "./ask_hub.ts";
import { hubAddress } from "./hub_address.ts";
import { type HubIdentity, identityIn, knownHub, rememberHub } from "./known_hub.ts";

const ANSWER_WITHIN_MS = 5_000;

export interface HealthTerms {
  /** As it was typed. */
  readonly via: string;
  readonly token: Secret | null;
  readonly home: string;
  /** How long to ask again while it cannot; 0: it is asked once. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * @returns null when it can, or when its answer is one that whoever asks for the run is told about anyway: a wrong address,
 * a token that is refused. Else what was found, and which hub it was when it answered last
 * @throws as hubAddress and askHub
 */
export async function unhealthyHub(terms: HealthTerms): Promise<{ found: string; hub: HubIdentity | null } | null> {
  const { via, token, home, patienceMs, signal } = terms;
  const url = hubAddress(via);
  const door = { url, token, signal, withinMs: ANSWER_WITHIN_MS };
  const started = performance.now();
  let answer = await askHub(door, "/state/health");
  for (let away = askAgain(answer); away !== null; away = askAgain(answer)) {
    if (performance.now() - started + away.afterMs > patienceMs) return { found: away.why, hub: knownHub(home, url) };
    await delay(away.afterMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    answer = await askHub(door, "/state/health");
  }
  const identity = "json" in answer ? identityIn(answer.json) : null;
  if (identity !== null) rememberHub(home, url, identity);
  return null;
}
