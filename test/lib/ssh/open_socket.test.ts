// A connection that nobody waits for any more is not opened.
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { openSocket } from "../../../lib/ssh/open_socket.ts";

test("openSocket() with a signal that was aborted before connects to nobody", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const signal = AbortSignal.abort(new Error("stopped"));
  try {
    const opening = openSocket({ addresses: ["127.0.0.1"], port, deadlineMs: 5_000, signal });
    expect(opening).rejects.toThrow("stopped");
    await opening.catch(() => {});
    await Bun.sleep(50);
    expect(connections).toBe(0);
  } finally {
    server.close();
  }
});
