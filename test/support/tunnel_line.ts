// A tunnel to a hub over a line that a test can make long, lossy or dead: the ssh host is another host, and what is watched is
// each round's report.
import { createConnection, createServer } from "node:net";
import { join } from "../../lib/ssh/forward_listener.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { watchCommand } from "../../lib/tunnel/watch_command.ts";
import { temporaryFolder } from "./git_repo.ts";
import { type OtherHost, otherHost } from "./other_host.ts";
import { servedHub } from "./served_hub.ts";
import { termsFor, tunnelWords, writeTunnels } from "./tunnel_scene.ts";

export interface WatchedRounds {
  readonly intervalMs: number;
  readonly slowMs: number;
  /** With each round's report; false ends the watch. */
  readonly onRound: (report: HealthReport, round: number) => Promise<boolean>;
}

export interface TunnelLine {
  readonly host: OtherHost;
  /** Round after round, as `tunnel_health.ts --watch` does it. */
  watch(rounds: WatchedRounds): Promise<void>;
  close(): Promise<void>;
}

export async function tunnelLine(): Promise<TunnelLine> {
  const folder = temporaryFolder();
  const [host, hub] = [await otherHost(), await servedHub()];
  const sshd = await host.startSshd();
  // The hub listens on loopback alone, which the other host cannot reach.
  const server = createServer((socket) => join(socket, createConnection(Number(new URL(hub.at).port), "127.0.0.1")));
  await new Promise<void>((resolve) => server.listen(0, host.hostAddress, resolve));
  const { port } = server.address() as { port: number };
  const path = writeTunnels(folder.path, [tunnelWords(sshd, { host: host.hostAddress, port })]);
  return {
    host,
    watch: (rounds) => watch({ ...rounds, path, home: folder.path }),
    close: async () => {
      server.close();
      await hub.close();
      await host.remove();
      folder.remove();
    },
  };
}

async function watch({ path, home, intervalMs, slowMs, onRound }: WatchedRounds & { path: string; home: string }) {
  const stopped = new AbortController();
  let round = 0;
  const watching = watchCommand(readTunnels({ path, home }), {
    path: termsFor(home, { slowMs }),
    timeoutMs: 30_000,
    signal: stopped.signal,
    memory: { home, host: "test-host", tell: async () => true, note: () => {} },
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
