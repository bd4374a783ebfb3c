// One request to a hub, with its token. Whatever comes back is an answer; a line that is cut or silent is none, and may be
// asked again.
import { describeFailure, OpsFailure } from "../../failure.ts";
import { type Secret, scrubText } from "../../secret.ts";

export interface HubDoor {
  readonly url: string;
  readonly token: Secret | null;
  readonly signal: AbortSignal;
  /** For one answer; 20 s unless given. */
  readonly withinMs?: number;
}

export interface HubAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  /** null where it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** No answer came, or none of the hub's: why, in words. */
export interface NoAnswer {
  readonly noAnswer: string;
}

/** None of the answers that are asked for here waits for a run. */
const ANSWER_WITHIN_MS = 20_000;

/** @throws the signal's reason when aborted; OpsFailure (automation) where asking again would change nothing */
export async function askHub(
  { url, token, signal, withinMs = ANSWER_WITHIN_MS }: HubDoor,
  path: string,
  init: { readonly method: string; readonly body?: string } = { method: "GET" },
): Promise<HubAnswer | NoAnswer> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== null) headers.authorization = `Bearer ${token.reveal()}`;
  if (init.body !== undefined) Object.assign(headers, { "content-type": "application/json", prefer: "respond-async" });
  try {
    const response = await fetch(`${url}${path}`, {
      ...init,
      headers,
      // The token is for this hub, and for nobody that it points to.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    });
    const text = await response.text();
    return { status: response.status, header: (name) => response.headers.get(name), json: objectIn(text) };
  } catch (error) {
    signal.throwIfAborted();
    const why = scrubText(describeFailure(error));
    if (isForGood(error)) throw new OpsFailure("Could not ask the hub", { observed: why, where: url });
    return { noAnswer: why };
  }
}

/** Its certificate, or that it speaks no HTTP; not its line. */
function isForGood(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|MALFORMED/i.test(String((error as { code?: unknown } | null)?.code ?? ""));
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
