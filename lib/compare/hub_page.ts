// One page of a hub's answer, read strictly: something else at that address must not look like a hub without runs.
import { z } from "zod";
import { printable } from "../cli/printable.ts";
import { describeFailure, OpsFailure, usageFailure } from "../failure.ts";
import { type Secret, scrubText } from "../secret.ts";
import { shellQuoted } from "../shell_quoted.ts";

export interface HubDoor {
  /** Without its last slash. */
  readonly url: string;
  readonly token: Secret | null;
  readonly signal: AbortSignal;
  /** For one page; 20 s unless given. */
  readonly answerWithinMs?: number;
}

const ANSWER_WITHIN_MS = 20_000;
const COULD_NOT = "Could not read the hub's runs";

/** @throws the signal's reason when aborted; OpsFailure: no answer in time, refused, or another kind of answer */
export async function askPage<T extends z.ZodType>(door: HubDoor, path: string, shape: T): Promise<z.output<T>> {
  const { status, text } = await answerOf(door, path);
  if (status !== 200) throw refused(status, text, door.url);
  const read = shape.safeParse(jsonIn(text));
  if (read.success) return read.data;
  throw notAHub(`an answer of another kind: ${z.prettifyError(read.error).split("\n")[0]}`, door.url);
}

async function answerOf(door: HubDoor, path: string): Promise<{ status: number; text: string }> {
  const { url, token, signal, answerWithinMs = ANSWER_WITHIN_MS } = door;
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== null) headers.authorization = `Bearer ${token.reveal()}`;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
  try {
    // The token is for this hub, and for nobody that it points to.
    const response = await fetch(`${url}${path}`, { headers, redirect: "manual", signal: deadline });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    signal.throwIfAborted();
    throw new OpsFailure(COULD_NOT, {
      observed: scrubText(describeFailure(error)),
      expected: `an answer within ${answerWithinMs / 1000} s`,
      where: url,
      hint: `curl ${shellQuoted(`${url}/state/health`)}`,
    });
  }
}

function refused(status: number, text: string, url: string): OpsFailure {
  const said = PROBLEM.safeParse(jsonIn(text)).data;
  const observed = printable([status, said?.title, said?.detail].filter(Boolean).join(" ")).slice(0, 1_000);
  if (status === 401)
    return new OpsFailure(COULD_NOT, { observed, where: url, hint: "export STATE_HUB_TOKEN_FILE=/path/to/token" });
  if (status === 403)
    return new OpsFailure(COULD_NOT, { observed, where: url, hint: "Set STATE_HUB_ALLOWED_HOSTS where the hub runs" });
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) return notAHub(observed, url);
  return new OpsFailure(COULD_NOT, { observed, where: url });
}

const PROBLEM = z.object({ title: z.string().optional(), detail: z.string().optional() });

function notAHub(observed: string, url: string): OpsFailure {
  const hint = `curl ${shellQuoted(`${url}/state/health`)}`;
  return usageFailure("Could not use --via", { observed, expected: "a State Hub's URL", where: url, hint });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
