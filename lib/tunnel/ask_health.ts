// One GET of the hub's health through the tunnel. Not by fetch(), which would take a proxy from the environment: what
// answered then would be anything but the tunnel.
import { type Agent, type IncomingMessage, request } from "node:http";
import { z } from "zod";
import { scrubText } from "../secret.ts";
import type { Endpoint } from "../ssh/forward_out.ts";

export interface Answer {
  readonly status: number;
  readonly ms: number;
  /** null: it is no State Hub's. */
  readonly hub: HubHealth | null;
  /** What it says in words, or the beginning of it. */
  readonly said: string;
}

const HEALTH = z.object({
  status: z.string(),
  db: z.string().optional(),
  instance_id: z.string().min(1),
  system_identifier: z.string().min(1),
});
export type HubHealth = z.output<typeof HEALTH>;

const PROBLEM = z.object({ title: z.string(), detail: z.string().optional() });
const BODY_BYTES = 64 * 1024;

export interface AskOptions {
  readonly path: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly agent: Agent;
  readonly onBytes: () => void;
}

/** @throws Error with what happened instead of an answer, in words */
export async function askHealth(at: Endpoint, options: AskOptions): Promise<Answer> {
  const until = performance.now() + options.deadlineMs;
  try {
    return await askOnce(at, options);
  } catch (error) {
    if (!(error instanceof KeptConnectionClosed)) throw error;
    return askOnce(at, { ...options, deadlineMs: until - performance.now() });
  }
}

/** A server ends a connection that is kept for long, maybe at the moment of the next request: that is no fault of it. */
class KeptConnectionClosed extends Error {}

function askOnce(at: Endpoint, options: AskOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const started = performance.now();
  const { path, agent, deadlineMs, signal, onBytes } = options;
  const headers = { accept: "application/json", host: `127.0.0.1:${at.port}` };
  const asked = request({ host: at.host, port: at.port, path, agent, headers });
  const giveUp = (why: string) => {
    reject(new Error(why));
    asked.destroy();
  };
  const timer = setTimeout(() => giveUp(`no answer within ${(deadlineMs / 1000).toFixed(1)} s`), deadlineMs);
  const abort = () => giveUp("it was not waited for");
  signal.addEventListener("abort", abort, { once: true });
  asked.once("error", (error: NodeJS.ErrnoException) =>
    reject(
      asked.reusedSocket && isClosed(error) ? new KeptConnectionClosed(wordsOf(error)) : new Error(wordsOf(error)),
    ),
  );
  asked.once("response", (response) => {
    const read = readBody(response, onBytes, giveUp);
    read.then((text) => resolve(answerOf(response.statusCode ?? 0, text, performance.now() - started)), reject);
  });
  asked.end();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}

/** @throws Error with what happened to it, in words */
function readBody(response: IncomingMessage, onBytes: () => void, giveUp: (why: string) => void): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    onBytes();
    bytes += chunk.length;
    if (bytes <= BODY_BYTES) chunks.push(chunk);
    else giveUp(`an answer of more than ${BODY_BYTES} bytes`);
  });
  response.once("error", (error: NodeJS.ErrnoException) => reject(new Error(wordsOf(error))));
  response.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  return promise;
}

function answerOf(status: number, text: string, ms: number): Answer {
  const json = jsonOf(text);
  const health = HEALTH.safeParse(json);
  if (status === 200 && health.success && health.data.status === "ok")
    return { status, ms, hub: health.data, said: "ok" };
  const problem = PROBLEM.safeParse(json);
  const said = problem.success
    ? [problem.data.title, problem.data.detail].filter(Boolean).join(": ")
    : text.slice(0, 120);
  return { status, ms, hub: null, said: scrubText(said) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wordsOf(error: NodeJS.ErrnoException): string {
  const { code, message } = error;
  if (code === "ECONNREFUSED" || code === "ConnectionRefused") return "nothing listens there";
  if (isClosed(error)) return "the connection is closed without an answer";
  return `${message || code}`;
}

function isClosed({ code, message }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || /closed|hang up/i.test(message);
}
