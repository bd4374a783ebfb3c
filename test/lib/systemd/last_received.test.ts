// How long a process has heard nothing, by the kernel: of its own connections alone, and null where nobody can say.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { environmentForPrograms } from "../../../lib/config.ts";
import { lastReceivedMs } from "../../../lib/systemd/last_received.ts";

const door = { env: environmentForPrograms(), signal: new AbortController().signal };
let server: Server;
let client: Socket;
let accepted: Socket;
let port: number;
beforeAll(async () => {
  const arrived = Promise.withResolvers<Socket>();
  server = createServer(arrived.resolve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
  client = createConnection(port, "127.0.0.1").on("data", () => {});
  accepted = await arrived.promise;
});
afterAll(() => {
  client.destroy();
  accepted.destroy();
  server.close();
});

describe("lastReceivedMs()", () => {
  test("lastReceivedMs() grows while nothing arrives, and begins anew with the next byte", async () => {
    accepted.write("one");
    await Bun.sleep(400);
    expect(await lastReceivedMs(door, process.pid, port)).toBeGreaterThanOrEqual(350);
    accepted.write("two");
    await Bun.sleep(20);
    expect(await lastReceivedMs(door, process.pid, port)).toBeLessThan(350);
  });

  test("lastReceivedMs() leaves out what came in on the port that is excepted", async () => {
    await Bun.sleep(400);
    client.write("to the server");
    await Bun.sleep(20);
    expect(await lastReceivedMs(door, process.pid, port)).toBeGreaterThanOrEqual(350);
  });

  test("lastReceivedMs() is null for a process without connections, and where there is no ss", async () => {
    const sleeping = Bun.spawn(["sleep", "60"]);
    expect(await lastReceivedMs(door, sleeping.pid, port)).toBe(null);
    sleeping.kill();
    const bare = { ...door, env: { ...door.env, PATH: "/no/such" } };
    expect(await lastReceivedMs(bare, process.pid, port)).toBe(null);
  });
});
