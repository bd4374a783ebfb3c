// A tunnel over a line that is long, and then dead: to another host, by packets that arrive late or not at all. A long line is
// degraded all the time and does not flap; a dead one is down within three intervals, though nothing was refused or closed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "../../lib/ssh/forward_listener.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { watchCommand } from "../../lib/tunnel/watch_command.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { type OtherHost, otherHost } from "../support/other_host.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";
import { termsFor, tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const folder = temporaryFolder();
let host: OtherHost;
let hub: ServedHub;
let server: Server;
let path: string;
beforeAll(async () => {
  host = await otherHost();
  hub = await servedHub();
  const sshd = await host.startSshd();
  // The hub listens on loopback alone, which the other host cannot reach.
  server = createServer((socket) => join(socket, createConnection(Number(new URL(hub.at).port), "127.0.0.1")));
  await new Promise<void>((resolve) => server.listen(0, host.hostAddress, resolve));
  const { port } = server.address() as { port: number };
  path = writeTunnels(folder.path, [tunnelWords(sshd, { host: host.hostAddress, port })]);
});
afterAll(async () => {
  server.close();
  await hub.close();
  await host.remove();
  folder.remove();
});

/** @param onRound called with each report; false ends the watch */
async function watched(intervalMs: number, onRound: (report: HealthReport, round: number) => Promise<boolean>) {
  const tunnels = readTunnels({ path, home: folder.path });
  const stopped = new AbortController();
  let round = 0;
  const watching = watchCommand(tunnels, {
    path: termsFor(folder.path, { slowMs: 400 }),
    timeoutMs: 30_000,
    signal: stopped.signal,
    memory: { home: folder.path, host: "test-host", tell: async () => true, note: () => {} },
    intervalMs,
    rounds: null,
    io: {
      json: true,
      quiet: false,
      show: (record) => {
        void onRound(record as unknown as HealthReport, ++round).then((goOn) => goOn || stopped.abort());
        return true;
      },
    },
  });
  await watching.catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
}

describe("a tunnel over a line", () => {
  test("of 300 ms is degraded in each round, and does not flap", async () => {
    await host.delay(300);
    const verdicts: string[] = [];
    await watched(3_000, async (report, round) => {
      verdicts.push(report.verdict);
      return round < 4;
    });
    await host.delay(0);
    expect(verdicts).toEqual(["degraded", "degraded", "degraded", "degraded"]);
  });

  test("that dies is down within three intervals, and not down any more when it is back", async () => {
    const interval = 2_000;
    const seen: string[] = [];
    let cutAt = 0;
    let downAfter = 0;
    await watched(interval, async ({ verdict }) => {
      seen.push(verdict);
      if (cutAt === 0 && verdict === "healthy") {
        await host.drop();
        cutAt = performance.now();
      }
      if (downAfter === 0 && verdict === "down") {
        downAfter = performance.now() - cutAt;
        await host.restore();
      }
      return downAfter === 0 || verdict === "down";
    });
    expect(downAfter).toBeGreaterThan(0);
    expect(downAfter).toBeLessThan(3 * interval + 500);
    expect(seen.at(-1)).toBe("degraded");
  });
});
