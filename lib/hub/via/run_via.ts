// A run that a hub does in this machine's place. No connection has to live as long as the run: it is asked for under a name
// of our own, and looked at until it has ended, through cut lines and a hub that restarts.
import { setTimeout as pause } from "node:timers/promises";
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { askAgain, refusal } from "./answers.ts";
import { askHub, type HubAnswer, type HubDoor } from "./ask_hub.ts";
import type { ViaOrder } from "./asked_via.ts";

export interface ViaOptions extends HubDoor {
  readonly progress: (message: string) => void;
  /** Beyond the run's own budget, in milliseconds. */
  readonly patienceMs?: number;
  /** For the first answer of all, in milliseconds. */
  readonly firstAnswerMs?: number;
}

/** For what a run finishes after its budget, and for a hub that restarts. */
const PATIENCE_MS = 60_000;
/** A hub that restarts is back by then; at an address that is mistyped nobody ever answers. */
const FIRST_ANSWER_MS = 30_000;
const LOOK_MS = { first: 300, longest: 2_000 };

/** @returns the run's `{ document, rendering }` @throws OpsFailure: refused, interrupted, no answer in time, or stopped here */
export async function runVia(order: ViaOrder, options: ViaOptions): Promise<unknown> {
  const { runId = Bun.randomUUIDv7() } = order;
  const until = performance.now() + order.maxSeconds * 1000 + (options.patienceMs ?? PATIENCE_MS);
  const body = JSON.stringify({ ...order.body, run_id: runId });
  const firstBy = performance.now() + (options.firstAnswerMs ?? FIRST_ANSWER_MS);
  const terms: Terms = { ...options, runId, until, first: { by: Math.min(firstBy, until), came: false } };
  let known = false;
  try {
    for (;;) {
      const begun = await answered(terms, order.path, { method: "POST", body });
      // 409: it is known, and was interrupted; its own page says why.
      if (![200, 202, 409].includes(begun.status)) throw refusal(begun, options.url);
      known = true;
      options.progress(begun.status === 202 ? "The hub is at it" : "Fetching the result");
      const end = await watched(terms);
      if (end !== "unknown") return end;
      if (performance.now() > until) throw tooLate("it answers, and does not know the run", terms);
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
    const goesOn = known ? "the run goes on in the hub" : "where the hub had begun it, the run goes on there";
    throw new OpsFailure(`Stopped looking; ${goesOn}`, { observed: lookAt(terms) });
  }
}

interface Terms extends ViaOptions {
  readonly runId: string;
  /** By performance.now(). */
  readonly until: number;
  /** Whether anybody at all has answered at that address, and until when somebody must have. */
  readonly first: { readonly by: number; came: boolean };
}

const placeOf = (runId: string) => `/consistency/sweep/runs/${runId}`;

/** @returns "unknown" when the hub has never heard of it: its row was not written, or is gone */
async function watched(terms: Terms): Promise<unknown> {
  for (let waitMs = LOOK_MS.first; ; waitMs = Math.min(waitMs * 1.5, LOOK_MS.longest)) {
    await pause(waitMs, undefined, { signal: terms.signal });
    const answer = await answered(terms, placeOf(terms.runId));
    if (answer.status === 404) return "unknown";
    if (answer.status !== 200 || answer.json === null) throw refusal(answer, terms.url);
    const { status, problem, result, rendering } = answer.json;
    if (status === "finished") return { document: result, rendering };
    if (status === "interrupted") throw interrupted(String(problem), terms);
    if (performance.now() > terms.until) throw tooLate("it is still running", terms);
  }
}

/** Asks until there is an answer that stands. */
async function answered(terms: Terms, path: string, init?: { method: string; body: string }): Promise<HubAnswer> {
  for (;;) {
    const answer = await askHub(terms, path, init);
    if ("status" in answer) terms.first.came = true;
    const again = askAgain(answer);
    if (again === null) return answer as HubAnswer;
    const by = terms.first.came ? terms.until : terms.first.by;
    if (performance.now() + again.afterMs > by) throw tooLate(again.why, terms);
    terms.progress(`No answer from the hub (${again.why}); asking again`);
    await pause(again.afterMs, undefined, { signal: terms.signal });
  }
}

function lookAt({ url, runId, token }: Terms): string {
  const place = shellQuoted(`${url}${placeOf(runId)}`);
  // A shell's own printf: the token is in nobody's arguments.
  return token === null
    ? `curl ${place}`
    : `printf 'Authorization: Bearer %s' "$STATE_HUB_TOKEN" | curl -H @- ${place}`;
}

function interrupted(problem: string, terms: Terms): OpsFailure {
  return new OpsFailure("The hub's run was interrupted", {
    observed: problem,
    expected: "a run that came to its end; the next one goes on from there",
    where: terms.url,
    hint: lookAt(terms),
  });
}

function tooLate(seen: string, terms: Terms): OpsFailure {
  if (!terms.first.came)
    return new OpsFailure("Could not reach the hub", {
      observed: seen,
      expected: "a hub that serves there; it may have heard of the run all the same, if only its answers were lost",
      where: terms.url,
      hint: `curl ${shellQuoted(`${terms.url}/state/health`)}`,
    });
  return new OpsFailure("Could not learn how the hub's run ended", {
    observed: seen,
    where: terms.url,
    hint: lookAt(terms),
  });
}
