// One GET of the hub's health through the tunnel. Not by fetch(), which would take a proxy from the environment: what
// answered then would be anything but the tunnel.
import { type Agent, request } from "node:http";
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
export function askHealth(at: Endpoint, options: AskOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const started = performance.now();
  const { path, agent, deadlineMs, signal } = options;
  const headers = { accept: "application/json", host: `127.0.0.1:${at.port}` };
  const asked = request({ host: at.host, port: at.port, path, agent, headers });
  const giveUp = (why: string) => {
    reject(new Error(why));
    asked.destroy();
  };
  const timer = setTimeout(() => giveUp(`no answer within ${(deadlineMs / 1000).toFixed(1)} s`), deadlineMs);
  const abort = () => giveUp("it was not waited for");
  signal.addEventListener("abort", abort, { once: true });
  asked.once("error", (error: NodeJS.ErrnoException) => reject(new Error(wordsOf(error))));
  asked.once("response", (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      options.onBytes();
      bytes += chunk.length;
      if (bytes <= BODY_BYTES) chunks.push(chunk);
      else giveUp(`an answer of more than ${BODY_BYTES} bytes`);
    });
    response.once("error", (error: NodeJS.ErrnoException) => reject(new Error(wordsOf(error))));
    response.once("end", () =>
      resolve(answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"), performance.now() - started)),
    );
  });
  asked.end();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
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

function wordsOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED" || code === "ConnectionRefused") return "nothing listens there";
  if (code === "ECONNRESET" || /closed|hang up/i.test(message)) return "the connection is closed without an answer";
  return `${message || code}`;
}
