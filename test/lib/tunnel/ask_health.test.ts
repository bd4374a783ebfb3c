// One GET of the hub's health over a connection that is kept from the last one.
import { describe, expect, test } from "bun:test";
import { Agent } from "node:http";
import { createServer, type Socket } from "node:net";
import { askHealth } from "../../../lib/tunnel/ask_health.ts";

const BODY = JSON.stringify({ status: "ok", instance_id: "a", system_identifier: "1" });
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** Requests so far, and connections. */
interface Seen {
  requests: number;
  connections: number;
}

/** A server that answers each connection's first requests, and closes without a word at the next. */
async function serverThatCloses(afterRequests: number) {
  const seen: Seen = { requests: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    seen.connections++;
    sockets.add(socket);
    let answered = 0;
    socket
      .on("error", () => {})
      .on("data", () => {
        seen.requests++;
        if (answered++ === afterRequests) socket.destroy();
        else socket.write(ANSWER);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const agent = new Agent({ keepAlive: true });
  const close = () => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const signal = new AbortController().signal;
  const terms = { path: "/state/health", deadlineMs: 5_000, signal, agent, onBytes: () => {} };
  return { seen, ask: () => askHealth({ host: "127.0.0.1", port }, terms), close };
}

describe("askHealth() and a connection that is kept", () => {
  test("askHealth() asks over the connection of the last request", async () => {
    const server = await serverThatCloses(10);
    for (let round = 0; round < 3; round++) expect((await server.ask()).hub?.status).toBe("ok");
    expect(server.seen).toEqual({ requests: 3, connections: 1 });
    server.close();
  });

  test("askHealth() asks once more when the kept connection is closed at that moment", async () => {
    const server = await serverThatCloses(1);
    await server.ask();
    expect((await server.ask()).hub?.status).toBe("ok");
    expect(server.seen).toEqual({ requests: 3, connections: 2 });
    server.close();
  });

  test("askHealth() does not ask again where a new connection is closed without an answer", async () => {
    const server = await serverThatCloses(0);
    await expect(server.ask()).rejects.toThrow("the connection is closed without an answer");
    expect(server.seen).toEqual({ requests: 1, connections: 1 });
    server.close();
  });
});
