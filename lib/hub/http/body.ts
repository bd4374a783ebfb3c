// The body of a request, read with three limits: how much, how long, how deep. A sender without end, or one that sends a
// byte a minute, costs its own connection and nobody else's.
import { Problem } from "./problem.ts";

export const BODY_LIMIT = 1_048_576;
/** For the whole body, however it trickles. */
const BODY_WITHIN_MS = 10_000;
/** The same once the hub stops: nothing was begun for it yet, and it can be sent to the next hub. */
const LAST_BODIES_WITHIN_MS = 1_000;
/** Of objects and arrays in each other: PostgreSQL's own limit is its stack, and a refusal there would be a 500. */
const DEEPEST = 64;

/**
 * @param stopping aborted when the hub stops: who still sends then has a moment left
 * @returns the body's text; "{}" where there is none
 * @throws Problem 415 for another media type, 413, 408, 503 when the hub stops, 400 when it is no JSON or not all of it
 * came, 422 for characters that cannot be stored
 */
export async function readJsonBody(request: Request, stopping: AbortSignal): Promise<string> {
  const type = request.headers.get("content-type");
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT) throw tooLarge();
  const text = await readText(request, stopping);
  if (text === "") return "{}";
  if (!/^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i.test(type ?? ""))
    throw new Problem(415, "Unsupported media type", {
      detail: `The body must be application/json, not ${type ?? "without a type"}`,
      hint: "-H 'Content-Type: application/json'",
      headers: { "accept-post": "application/json" },
    });
  checkDepth(text);
  const value = parsed(text);
  checkCharacters(value, "body");
  return text;
}

async function readText(request: Request, stopping: AbortSignal): Promise<string> {
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const deadline = bodyDeadline(stopping);
  try {
    const chunks: Uint8Array[] = [];
    for (let size = 0; ; ) {
      const { done, value } = await Promise.race([reader.read(), deadline.passed]);
      if (done) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(Buffer.concat(chunks));
      size += value.byteLength;
      if (size > BODY_LIMIT) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    throw bodyProblem(error);
  } finally {
    deadline.end();
  }
}

function bodyDeadline(stopping: AbortSignal): { readonly passed: Promise<never>; end(): void } {
  const { promise: passed, reject } = Promise.withResolvers<never>();
  passed.catch(() => {});
  const timers = [setTimeout(() => reject(tooSlow()), BODY_WITHIN_MS)];
  const hurry = () => void timers.push(setTimeout(() => reject(stops()), LAST_BODIES_WITHIN_MS));
  if (stopping.aborted) hurry();
  else stopping.addEventListener("abort", hurry);
  const end = () => {
    stopping.removeEventListener("abort", hurry);
    for (const timer of timers) clearTimeout(timer);
  };
  return { passed, end };
}

function bodyProblem(error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem(400, "Malformed body", { detail: "It is not UTF-8" });
  // Nobody reads this but the log: the connection is gone.
  return new Problem(400, "Incomplete body", { detail: "The connection closed before all of it had come" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "Malformed body", { detail: "It is not JSON" });
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (inString) {
      if (character === BACKSLASH) at++;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_ARRAY || character === OPEN_OBJECT) depth++;
    else if (character === CLOSE_ARRAY || character === CLOSE_OBJECT) depth--;
    if (depth > DEEPEST)
      throw new Problem(422, "Invalid value", { detail: `The body is nested deeper than ${DEEPEST} levels` });
  }
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** PostgreSQL stores neither U+0000 nor half a character; a key `__proto__` would be dropped on the way, without a word. */
function checkCharacters(value: unknown, at: string): void {
  if (typeof value === "string") {
    if (!value.includes("\u0000") && value.isWellFormed()) return;
    throw new Problem(422, "Invalid value", { errors: [{ at, message: "holds a character that cannot be stored" }] });
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    checkCharacters(key, at);
    if (key === "__proto__")
      throw new Problem(422, "Invalid value", { errors: [{ at, message: "holds a key that cannot be stored" }] });
    checkCharacters(inner, `${at}.${key.slice(0, 80)}`);
  }
}

function tooLarge(): Problem {
  return new Problem(413, "Body too large", {
    detail: `At most ${BODY_LIMIT} bytes`,
    headers: { connection: "close" },
  });
}

function tooSlow(): Problem {
  return new Problem(408, "Body too slow", {
    detail: `It did not arrive within ${BODY_WITHIN_MS / 1000} s`,
    headers: { connection: "close" },
  });
}

function stops(): Problem {
  return new Problem(503, "Stopping", {
    detail: "This hub stops; nothing was written",
    headers: { connection: "close", "retry-after": "5" },
  });
}
