// Everything that breaks a tunnel, on a real sshd before a real hub: the layer that is broken is the one that is named, in
// time, and nothing of the check stays behind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { join as joined } from "../../../lib/ssh/forward_listener.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freePort } from "../../support/free_port.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type ServedHub, servedHub } from "../../support/served_hub.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { makeKey } from "../../support/sshd_config.ts";
import { relayTo } from "../../support/tcp_relay.ts";
import {
  type CheckOptions,
  checkOne,
  checkTunnels,
  probeOf,
  shortOf,
  type TunnelWords,
  tunnelWords,
} from "../../support/tunnel_scene.ts";

const folder = temporaryFolder();
let sshd: Sshd;
let hub: ServedHub;
beforeAll(async () => {
  sshd = await startSshd();
  hub = await servedHub();
});
afterAll(async () => {
  await hub.close();
  await sshd.stop();
  folder.remove();
});

const hubPort = () => Number(new URL(hub.at).port);
const words = (more: TunnelWords = {}) => tunnelWords(sshd, { port: hubPort() }, more);
const check = (more: TunnelWords = {}, options: CheckOptions = {}) => checkOne(folder.path, words(more), options);
const otherPin = `SHA256:${"A".repeat(43)}`;

/** With these options before the key that is let in, for as long as `work` takes. */
async function allowing<T>(options: string, work: () => Promise<T>): Promise<T> {
  const file = join(dirname(sshd.userKey), "authorized_keys");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, options === "" ? "" : `${options} ${before}`);
  try {
    return await work();
  } finally {
    writeFileSync(file, before);
  }
}

/** A server of a test's own, and its port. */
async function serving<T>(onSocket: (socket: Socket) => void, work: (port: number) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe("a tunnel that works", () => {
  test("is healthy, with every layer named, and the hub that answers", async () => {
    const { instance_id } = (await (await hub.ask("/state/health")).json()) as { instance_id: string };
    const report = await check({ health: { instance_id } });
    expect(shortOf(report)).toBe("healthy");
    expect(report.probes.map(({ id, ok }) => `${id} ${ok}`)).toEqual([
      "config true",
      "resolve true",
      "tcp true",
      "host_key true",
      "auth true",
      "forward true",
      "health true",
      "identity true",
      "last_byte true",
      "hold null",
    ]);
  });

  test("in the remote direction is asked from the far side, and back", async () => {
    const report = await check({ direction: "remote" });
    expect(shortOf(report)).toBe("healthy");
    expect(probeOf(report, "forward").saw).toMatch(/^127\.0\.0\.1:\d+ on the far side leads to/);
  });

  test("in the remote direction uses its own port where the account may listen on no other", async () => {
    const port = await freePort("127.0.0.1");
    const options = `restrict,port-forwarding,permitopen="127.0.0.1:${port}",permitlisten="127.0.0.1:${port}"`;
    const report = await allowing(options, () => check({ direction: "remote", listen: { port } }));
    expect(shortOf(report)).toBe("healthy");
    expect(probeOf(report, "forward").saw).toStartWith(`127.0.0.1:${port} on the far side`);
  });

  test("shows which hub answers where none is configured, and does not call that proven", async () => {
    const identity = probeOf(await check(), "identity");
    expect(identity.ok).toBe(null);
    expect(identity.saw).toMatch(/^instance_id [0-9a-f-]{36}, system_identifier \d+$/);
  });

  test("is found by the fingerprint of any of the host's keys, or by the key itself", async () => {
    const key = sshd.hostKeyLine.split(" ").slice(1, 3).join(" ");
    expect(shortOf(await check({ ssh: { host_key: key } }))).toBe("healthy");
  });
});

describe("a tunnel that is broken", () => {
  const rows: readonly (readonly [string, string, TunnelWords, string])[] = [
    [
      "another host key than the pinned one",
      "down at host_key",
      { ssh: { host_key: otherPin } },
      "it shows the key ssh-ed25519",
    ],
    ["no pinned host key", "down at config", { ssh: { host_key: null } }, "no ssh.host_key"],
    ["a host key that is none", "down at config", { ssh: { host_key: "SHA256:short" } }, "neither SHA256:"],
    ["a name that nobody knows", "down at resolve", { ssh: { host: "no-such-host.invalid" } }, "nobody knows the name"],
    [
      "a key file that is not there",
      "down at auth",
      { ssh: { identity_file: "/no/such/key" } },
      "let none of our keys in",
    ],
  ];
  for (const [given, wanted, more, saw] of rows)
    test(`${given}: ${wanted}`, async () => {
      const report = await check(more);
      expect(shortOf(report)).toBe(wanted);
      expect(report.cause).toContain(saw);
      const at = report.probes.findIndex(({ id }) => id === report.broken);
      expect(report.probes[at]?.remedy).toBeTruthy();
      for (const later of report.probes.slice(at + 1)) expect(later).toMatchObject({ ok: null, remedy: null });
    });

  test("nothing listens on the ssh port: down at tcp", async () => {
    const report = await check({ ssh: { port: await freePort("127.0.0.1") } });
    expect(shortOf(report)).toBe("down at tcp");
    expect(report.cause).toContain("refuses: nothing listens there");
  });

  test("something else than ssh listens there: down at host_key", async () => {
    await serving(
      (socket) => socket.end("220 mail ESMTP\r\n"),
      async (port) => expect(shortOf(await check({ ssh: { port } }, { timeoutMs: 4_000 }))).toBe("down at host_key"),
    );
  });

  test("a key that the host does not know, one that others can read, an account without keys: down at auth", async () => {
    const [unknown, open] = [join(folder.path, "unknown"), join(folder.path, "open")];
    await makeKey(unknown);
    copyFileSync(sshd.userKey, open);
    chmodSync(open, 0o644);
    const found = await check({ ssh: { identity_file: unknown } });
    expect(shortOf(found)).toBe("down at auth");
    const readable = await check({ ssh: { identity_file: open } });
    expect(shortOf(readable)).toBe("down at auth");
    expect(readable.cause).toContain("chmod 600");
    expect(shortOf(await allowing("", () => check()))).toBe("down at auth");
  });

  test("an account that may not forward, or not to there: down at forward", async () => {
    const none = await allowing("restrict", () => check());
    expect(shortOf(none)).toBe("down at forward");
    expect(none.cause).toContain("the host refuses to forward");
    const elsewhere = await allowing('restrict,port-forwarding,permitopen="127.0.0.1:1"', () => check());
    expect(shortOf(elsewhere)).toBe("down at forward");
    const back = await allowing('restrict,port-forwarding,permitlisten="none:1"', () => check({ direction: "remote" }));
    expect(shortOf(back)).toBe("down at forward");
    expect(back.cause).toContain("refuses to listen");
  });

  test("nothing listens at the target: down at health", async () => {
    const closed = await freePort("127.0.0.1");
    const report = await check({ target: { port: closed } });
    expect(shortOf(report)).toBe("down at health");
    expect(report.cause).toContain(`nothing answers at 127.0.0.1:${closed} on the far side`);
    const remote = await check({ direction: "remote", target: { port: closed } });
    expect(shortOf(remote)).toBe("down at health");
  });

  test("a target that accepts and says nothing: down at health, within the time that all may take", async () => {
    await serving(
      () => {},
      async (port) => {
        const started = performance.now();
        const report = await check({ target: { port } }, { timeoutMs: 2_000 });
        expect(shortOf(report)).toBe("down at health");
        expect(report.cause).toContain("no answer within");
        expect(performance.now() - started).toBeLessThan(2_500);
      },
    );
  });

  test("a web server that answers 200 to everything is no hub: down at health", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>It works</html>") });
    const report = await check({ target: { port: Number(server.port) } });
    await server.stop(true);
    expect(shortOf(report)).toBe("down at health");
    expect(report.cause).toContain("an answer 200 that is no State Hub's");
  });

  test("another hub: down at identity, with both ids", async () => {
    const report = await check({ health: { system_identifier: "7000000000000000000" } });
    expect(shortOf(report)).toBe("down at identity");
    const { saw, wanted } = probeOf(report, "identity");
    expect(saw).toMatch(/^another hub: system_identifier \d+$/);
    expect(wanted).toBe("system_identifier 7000000000000000000");
  });

  test("a hub whose database takes no changes: down at health, in the hub's own words", async () => {
    const standby = await servedHub();
    try {
      const name = new URL(standby.url).pathname.slice(1);
      await hub.database.sql.unsafe(`alter database "${name}" set default_transaction_read_only = on`);
      await hub.database.sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
      const report = await waitUntil(
        { forWhat: "the hub to see it", deadlineMs: 10_000, intervalMs: 200 },
        async () => {
          const found = await check({ target: { port: Number(new URL(standby.at).port) } });
          return found.cause?.includes("read-only") ? { found } : { seen: `${shortOf(found)} ${found.cause}` };
        },
      );
      expect(shortOf(report)).toBe("down at health");
    } finally {
      await standby.close();
    }
  });

  test("a slow hub is degraded, and named so", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        await Bun.sleep(120);
        return hub.ask(new URL(request.url).pathname);
      },
    });
    const report = await check({ target: { port: Number(server.port) } }, { slowMs: 100 });
    await server.stop(true);
    expect(shortOf(report)).toBe("degraded");
    expect(report.cause).toMatch(/^It answers after \d+ ms, wanted at most 100/);
  });

  test("a path that cuts requests after 1 s: down at hold, with the seconds seen", async () => {
    const cutting = (socket: Socket) => {
      const upstream = createConnection(hubPort(), "127.0.0.1");
      joined(socket, upstream);
      setTimeout(() => socket.destroy(), 1_000);
    };
    await serving(cutting, async (port) => {
      const report = await check({ target: { port } }, { holdSeconds: 3 });
      expect(shortOf(report)).toBe("down at hold");
      expect(report.cause).toMatch(/^cut after (0\.9|1\.\d) s: the connection was closed$/);
    });
    const held = await check({}, { holdSeconds: 2 });
    expect(probeOf(held, "hold").saw).toMatch(/^answered after 2\.\d s$/);
  });

  test("a line whose packets vanish: down at a layer of ssh, within the time", async () => {
    const relay = await relayTo(`http://127.0.0.1:${sshd.port}`);
    relay.swallow();
    const report = await check({ ssh: { port: Number(new URL(relay.url).port) } }, { timeoutMs: 1_500 });
    relay.close();
    expect(shortOf(report)).toBe("down at host_key");
    expect(report.cause).toContain("no answer within");
  });
});

describe("many tunnels", () => {
  test("are all checked, each with its own verdict, and nothing stays open", async () => {
    const sockets = () => readdirSync("/proc/self/fd").filter((fd) => isSocket(fd)).length;
    const before = sockets();
    const closed = await freePort("127.0.0.1");
    const all = Array.from({ length: 200 }, (_, at) => {
      const broken = at % 20 === 0 ? {} : { ssh: { port: closed } };
      return words({ name: `tunnel-${at}`, ...broken });
    });
    const report = await checkTunnels(folder.path, all, { timeoutMs: 40_000 });
    expect(report.verdict).toBe("down");
    const counted = Map.groupBy(report.tunnels, shortOf);
    expect([...counted].map(([short, { length }]) => `${short}: ${length}`).sort()).toEqual([
      "down at tcp: 190",
      "healthy: 10",
    ]);
    await waitUntil({ forWhat: "the sockets to be closed", deadlineMs: 5_000 }, () => {
      const now = sockets();
      return now <= before ? { found: true } : { seen: `${now} sockets, ${before} before` };
    });
  });
});

function isSocket(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
  } catch {
    return false;
  }
}
