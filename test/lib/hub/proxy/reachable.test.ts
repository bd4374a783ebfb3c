// A hub's machine that is off answers nothing, not even a refusal: the proxy must say so in seconds, and must not take a
// hub that only needs its time for one.
import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { isReachable } from "../../../../lib/hub/proxy/reachable.ts";
import { freePort } from "../../../../lib/postgres/free_port.ts";
import { whenTestsEnd } from "../../../stop_what_tests_started.ts";
import { servedProxy } from "../../../support/served_proxy.ts";

/** A port whose kernel answers nobody any more: it listens, nobody accepts, and its queue is full (listen(2)). */
async function silentPort(): Promise<{ port: number; close(): void }> {
  const port = freePort();
  const program = `import { createServer } from "node:net"; createServer(() => {}).listen({ port: ${port}, host: "127.0.0.1", backlog: 1 }, () => console.log("up"));`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const end = () => child.kill("SIGKILL");
  whenTestsEnd(end, end);
  await child.stdout.getReader().read();
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  for (let connected = true; connected; ) {
    const socket = createConnection(port, "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    connected = await Promise.race([
      new Promise<boolean>((resolve) => socket.on("connect", () => resolve(true))),
      Bun.sleep(300).then(() => false),
    ]);
  }
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      end();
    },
  };
}

describe("isReachable()", () => {
  test("is true where somebody answers, if only with a refusal", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    expect(await isReachable(`http://127.0.0.1:${server.port}`)).toBe(true);
    server.stop(true);
    expect(await isReachable(`http://127.0.0.1:${freePort()}`)).toBe(true);
  });
});

describe("a proxy whose hub says nothing", () => {
  // Both at once: each is longer than the look and its limit together.
  test("says in about 5 s that a silent machine is not there, and waits for one that accepts and takes its time", async () => {
    const silent = await silentPort();
    const { promise: later, resolve: answerNow } = Promise.withResolvers<void>();
    const slow = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: () => later.then(() => new Response("late")),
    });
    const toSilent = await servedProxy(`http://127.0.0.1:${silent.port}`, null);
    const toSlow = await servedProxy(`http://127.0.0.1:${slow.port}`, null);
    const started = performance.now();
    const asked = fetch(`${toSlow.at}/sweep`);
    const answer = await fetch(`${toSilent.at}/state/health`);
    const took = performance.now() - started;
    answerNow();
    const late = await asked;
    expect([answer.status, late.status, await late.text()]).toEqual([502, 200, "late"]);
    expect(took).toBeGreaterThan(4_900);
    expect(took).toBeLessThan(9_000);
    await Promise.all([toSilent.close(), toSlow.close(), slow.stop(true)]);
    silent.close();
  }, 30_000);
});
