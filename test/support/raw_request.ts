// Bytes sent to a server as they are, and whatever comes back: for requests that no client library would make.
import { createConnection } from "node:net";

export interface RawOptions {
  /** When to stop reading although nothing more may come. */
  readonly until?: (received: string) => boolean;
  /** How long the server has; then it is closed from here. */
  readonly withinMs?: number;
}

const ANSWER_WITHIN_MS = 5_000;

/** @returns what came until the server closed, or `until` had enough (unless given: the head of one answer) */
export function rawRequest(at: string, bytes: string | Uint8Array, options: RawOptions = {}): Promise<string> {
  const { until = (received) => received.includes("\r\n\r\n"), withinMs = ANSWER_WITHIN_MS } = options;
  const { hostname, port } = new URL(at);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = createConnection(Number(port), hostname);
  let received = "";
  const end = () => {
    clearTimeout(timer);
    socket.destroy();
    resolve(received);
  };
  const timer = setTimeout(end, withinMs);
  socket.on("data", (data) => {
    received += data.toString("latin1");
    if (until(received)) end();
  });
  socket.on("close", end);
  socket.on("error", end);
  socket.write(bytes);
  return promise;
}
