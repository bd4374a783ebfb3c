// The probes on a real sshd before a real hub: what each layer says of a tunnel that works, and the variants of what breaks it
// beside those that test/scenarios/tunnel_faults_in_time.test.ts goes through as an operator would.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freePort } from "../../support/free_port.ts";
import { hubBehindSshd } from "../../support/hub_behind_sshd.ts";
import {
  type CheckOptions,
  checkOne,
  checkTunnels,
  probeOf,
  shortOf,
  type TunnelWords,
} from "../../support/tunnel_scene.ts";

const scene = hubBehindSshd();

const { words } = scene;
const check = (more: TunnelWords = {}, options: CheckOptions = {}) => checkOne(scene.folder, words(more), options);

/** With these options before the key that is let in, for as long as `work` takes. */
async function allowing<T>(options: string, work: () => Promise<T>): Promise<T> {
  const file = join(dirname(scene.sshd.userKey), "authorized_keys");
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
    const { instance_id } = (await (await scene.hub.ask("/state/health")).json()) as { instance_id: string };
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
    const key = scene.sshd.hostKeyLine.split(" ").slice(1, 3).join(" ");
    expect(shortOf(await check({ ssh: { host_key: key } }))).toBe("healthy");
  });
});

describe("a path that leaves a quiet request alone", () => {
  test("holds it for as long as asked for, by the hub's own wait", async () => {
    const held = await check({}, { holdSeconds: 2 });
    expect(probeOf(held, "hold").saw).toMatch(/^answered after 2\.\d s$/);
  });

  test("holds it where the server knows of no wait: the request's last line comes late", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => scene.hub.ask(new URL(request.url).pathname),
    });
    const report = await check({ target: { port: Number(server.port) } }, { holdSeconds: 1 });
    await server.stop(true);
    expect(probeOf(report, "hold")).toMatchObject({ ok: true, saw: expect.stringMatching(/^answered after 1\.\d s$/) });
  });
});

describe("a tunnel that is broken", () => {
  const rows: readonly (readonly [string, string, TunnelWords, string])[] = [
    ["a host key that is none", "down at config", { ssh: { host_key: "SHA256:short" } }, "neither SHA256:"],
    [
      "a key file that is not there",
      "down at auth",
      { ssh: { identity_file: "/no/such/key" } },
      "/no/such/key is not there",
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

  test("something else than ssh listens there: down at host_key", async () => {
    await serving(
      (socket) => socket.end("220 mail ESMTP\r\n"),
      async (port) => expect(shortOf(await check({ ssh: { port } }, { timeoutMs: 4_000 }))).toBe("down at host_key"),
    );
  });

  test("an account that has no key of ours: down at auth", async () => {
    expect(shortOf(await allowing("", () => check()))).toBe("down at auth");
  });

  test("an account that may not forward to there: down at forward", async () => {
    const elsewhere = await allowing('restrict,port-forwarding,permitopen="127.0.0.1:1"', () => check());
    expect(shortOf(elsewhere)).toBe("down at forward");
  });

  test("nothing listens at the target on this side: down at health", async () => {
    const remote = await check({ direction: "remote", target: { port: await freePort("127.0.0.1") } });
    expect(shortOf(remote)).toBe("down at health");
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
    const report = await checkTunnels(scene.folder, all, { timeoutMs: 40_000 });
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
