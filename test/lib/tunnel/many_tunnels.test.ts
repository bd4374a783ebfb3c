// Many tunnels to one host, whose sshd refuses connections beyond the tenth that it has not let in yet, as OpenSSH's does
// unless it is told otherwise.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type NoTurn, OPENING_AT_ONCE, type Turn, takeTurn } from "../../../lib/ssh/handshake_turn.ts";
import { Path } from "../../../lib/tunnel/path.ts";
import { resolve } from "../../../lib/tunnel/probes/resolve.ts";
import { tcp } from "../../../lib/tunnel/probes/tcp.ts";
import { readTunnels } from "../../../lib/tunnel/read_tunnels.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type ServedHub, servedHub } from "../../support/served_hub.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import {
  checkOne,
  checkTunnels,
  probeOf,
  shortOf,
  type TunnelWords,
  termsFor,
  tunnelWords,
  writeTunnels,
} from "../../support/tunnel_scene.ts";

const TUNNELS = 20;

const folder = temporaryFolder();
let sshd: Sshd;
let hub: ServedHub;

beforeAll(async () => {
  // Of 10:30:100, the default, three in ten are refused: here all, so that each run sees it.
  sshd = await startSshd({ maxStartups: "10" });
  hub = await servedHub();
});

afterAll(async () => {
  await sshd.stop();
  await hub.close();
  folder.remove();
});

function hubTunnel(name = "hub"): TunnelWords {
  return tunnelWords(sshd, { port: Number(new URL(hub.at).port) }, { name });
}

function endTurn(turn: Turn | NoTurn | undefined): void {
  if (typeof turn === "object") turn.end(true);
}

describe("checkAll() and many tunnels to one host", () => {
  test("checkAll() opens no more connections at once than the host takes", async () => {
    const tunnels = Array.from({ length: TUNNELS }, (_, at) => hubTunnel(`hub${at}`));
    const report = await checkTunnels(folder.path, tunnels);
    expect(new Set(report.tunnels.map(shortOf))).toEqual(new Set(["healthy"]));
    expect(report.tunnels).toHaveLength(TUNNELS);
    expect(sshd.log()).not.toContain("MaxStartups");
  });

  test("checkAll() cannot tell of a tunnel whose turn did not come, while others were let in", async () => {
    const take = () => takeTurn(`127.0.0.1:${sshd.port}`, { withinMs: 5_000, signal: new AbortController().signal });
    const turns = await Promise.all(Array.from({ length: OPENING_AT_ONCE }, take));
    const before = take();
    const checking = checkOne(folder.path, hubTunnel(), { timeoutMs: 1_000 });
    // By then it waits.
    await Bun.sleep(300);
    endTurn(turns[0]);
    const busy = await checking;
    expect([busy.verdict, probeOf(busy, "tcp").ok]).toEqual(["unknown", null]);
    expect(probeOf(busy, "host_key").saw).toBe("not tried: it stands on tcp");
    for (const turn of [...turns, await before]) endTurn(turn);
    expect(shortOf(await checkOne(folder.path, hubTunnel()))).toBe("healthy");
  });

  test("a tunnel whose rounds run out of time after its host took the connection holds one turn, not one a round", async () => {
    const file = writeTunnels(folder.path, [hubTunnel()]);
    const [tunnel] = readTunnels({ path: file, home: folder.path });
    if (tunnel === undefined) throw new Error("No tunnel was read");
    const path = new Path(tunnel, termsFor(folder.path));
    path.round = { ...path.round, deadline: performance.now() + 10_000 };
    await resolve.look(path);
    for (let round = 0; round <= OPENING_AT_ONCE; round++) expect((await tcp.look(path)).ok).toBe(true);
    path.close();
  });

  test("checkAll() finds each of them down when the host lets nobody in", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const ssh = { host: "127.0.0.1", port: silent.port };
    const tunnels = Array.from({ length: TUNNELS }, (_, at) =>
      tunnelWords(sshd, { port: 1 }, { name: `hub${at}`, ssh }),
    );
    const started = performance.now();
    const report = await checkTunnels(folder.path, tunnels, { timeoutMs: 2_000 });
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(new Set(report.tunnels.map(({ verdict }) => verdict))).toEqual(new Set(["down"]));
    expect(new Set(report.tunnels.map(({ broken }) => broken))).toEqual(new Set(["tcp", "host_key"]));
    silent.stop(true);
  });
});
