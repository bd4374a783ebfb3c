// What a hub's answer to a run's client means: ask again, go on, or give up, and in which words.

import { printable } from "../../cli/printable.ts";
import { OpsFailure, usageFailure } from "../../failure.ts";
import type { HubAnswer, NoAnswer } from "./ask_hub.ts";

/** Seconds, where the hub says nothing else. */
const ASK_AGAIN_S = { usual: 1, most: 15 };

// A gateway's, or the hub's own while it starts, stops or has no database.
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** @returns why, and after how many milliseconds to ask again; null for an answer that stands */
export function askAgain(answer: HubAnswer | NoAnswer): { readonly why: string; readonly afterMs: number } | null {
  if ("noAnswer" in answer) return { why: answer.noAnswer, afterMs: ASK_AGAIN_S.usual * 1000 };
  if (!PASSING.has(answer.status)) return null;
  const given = Number(answer.header("retry-after") ?? ASK_AGAIN_S.usual);
  const seconds = Number.isFinite(given) ? Math.min(Math.max(given, 0), ASK_AGAIN_S.most) : ASK_AGAIN_S.usual;
  return { why: wordsOf(answer), afterMs: seconds * 1000 };
}

/** Of an answer that is neither the run nor one to wait out. */
export function refusal(answer: HubAnswer, url: string): OpsFailure {
  const observed = wordsOf(answer);
  const { status } = answer;
  if (status === 401 || status === 403)
    return new OpsFailure("Could not get the hub to do it", {
      observed,
      where: url,
      hint:
        status === 401
          ? "export STATE_HUB_TOKEN_FILE=/path/to/token"
          : "Set STATE_HUB_ALLOWED_HOSTS where the hub runs",
    });
  if (status >= 300 && status < 400)
    return usageFailure("Could not use --via", {
      observed: `${observed}: it redirects`,
      where: url,
      hint: "Name the hub itself: the token is sent nowhere else",
    });
  if (status === 404 && isProblem(answer) && !/route/.test(String(answer.json?.detail)))
    return usageFailure("Could not get the hub to do it", {
      observed,
      where: url,
      hint: "scripts/state_hub.ts repo list",
    });
  if (status === 404 || status === 405 || answer.json === null)
    return usageFailure("Could not use --via", {
      observed,
      expected: "a State Hub's URL",
      where: url,
      hint: "curl URL/state/health",
    });
  return new OpsFailure("Could not get the hub to do it", { observed, where: url });
}

function isProblem({ header }: HubAnswer): boolean {
  return header("content-type")?.startsWith("application/problem+json") === true;
}

/** `503 Busy: nothing was begun`. */
function wordsOf({ status, json }: HubAnswer): string {
  const said = [json?.title, json?.detail].filter((each): each is string => typeof each === "string");
  const errors = Array.isArray(json?.errors) ? json.errors.map((each) => `${each?.at} ${each?.message}`) : [];
  return printable(`${status} ${[...said, ...errors].join(": ")}`.trim().slice(0, 1_000));
}
