// A request that is quiet for as long as asked for. The hub is asked to wait with its answer; a server that does not know how
// is sent a request whose last line is held back.
import { createConnection } from "node:net";
import type { Endpoint } from "../ssh/forward_out.ts";

export interface HoldOptions {
  readonly path: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

export interface Held {
  /** From the request to its answer, or to its end. */
  readonly ms: number;
  /** How it ended without an answer; null: answered. */
  readonly cut: string | null;
}

const ANSWER_MS = 10_000;
/** Clocks differ, and a server counts from when it has read. */
const EARLY_MS = 250;

export async function holdRequest(at: Endpoint, { path, seconds, signal }: HoldOptions): Promise<Held> {
  const head = (target: string) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${at.port}\r\nConnection: close\r\n`;
  const query = `${path}${path.includes("?") ? "&" : "?"}hold_seconds=${seconds}`;
  const holdMs = seconds * 1_000;
  const held = await exchange(at, { first: `${head(query)}\r\n`, last: "", holdMs, signal });
  if (held.cut !== null || held.ms >= holdMs - EARLY_MS) return held;
  return exchange(at, { first: head(path), last: "\r\n", holdMs, signal });
}

interface Exchange {
  readonly first: string;
  /** Sent after holdMs. */
  readonly last: string;
  readonly holdMs: number;
  readonly signal: AbortSignal;
}

function exchange(at: Endpoint, { first, last, holdMs, signal }: Exchange): Promise<Held> {
  const { promise, resolve } = Promise.withResolvers<Held>();
  const started = performance.now();
  const socket = createConnection({ host: at.host, port: at.port, noDelay: true });
  const end = (cut: string | null) => resolve({ ms: performance.now() - started, cut });
  const abort = () => end("it was not waited for");
  signal.addEventListener("abort", abort, { once: true });
  const late = setTimeout(() => end("no answer came"), holdMs + ANSWER_MS);
  const send = setTimeout(() => socket.write(last), holdMs);
  socket.once("connect", () => socket.write(first));
  socket.once("data", (bytes) => {
    const said = bytes.toString("latin1").split("\r\n")[0] ?? "";
    end(/^HTTP\/1\.[01] 200\b/.test(said) ? null : `it says ${JSON.stringify(said.slice(0, 60))}`);
  });
  socket.once("error", (error) => end(error.message));
  socket.once("close", () => end("the connection was closed"));
  return promise.finally(() => {
    clearTimeout(late);
    clearTimeout(send);
    signal.removeEventListener("abort", abort);
    socket.destroy();
  });
}
