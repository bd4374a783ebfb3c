// What a far side that is broken, or means harm, can do to a check: it says too much, or nothing, and the check still ends, in
// time and in few words.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { renderHealth } from "../../../lib/tunnel/tunnel_view.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { plainView } from "../../support/plain_view.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { checkTunnels, probeOf, shortOf, type TunnelWords, tunnelWords } from "../../support/tunnel_scene.ts";

const MANY_WORDS = "evil ".repeat(6_000);
const folder = temporaryFolder();
let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
  folder.remove();
});

/** A tunnel whose ssh host, or whose target, is a server of the test's own. */
async function checked(onSocket: (socket: Socket) => void, at: "ssh" | "target") {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const words: TunnelWords =
    at === "ssh" ? tunnelWords(sshd, { port: 1 }, { ssh: { port } }) : tunnelWords(sshd, { port });
  try {
    const report = await checkTunnels(folder.path, [words], { timeoutMs: 2_000 });
    const [tunnel] = report.tunnels;
    if (tunnel === undefined) throw new Error("No tunnel was checked");
    return { tunnel, shown: renderHealth(report, await plainView()) };
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** RFC 4253, 11.1: SSH_MSG_DISCONNECT before any key, with its description. */
function goodbye(words: string): Buffer {
  const said = Buffer.from(words);
  const body = Buffer.concat([Buffer.from([1]), uint32(2), uint32(said.length), said, uint32(0)]);
  const padding = 16 - ((5 + body.length) % 8);
  return Buffer.concat([uint32(1 + body.length + padding), Buffer.from([padding]), body, Buffer.alloc(padding)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

describe("a check of a far side that misbehaves", () => {
  test("is short where an ssh host says goodbye with many words", async () => {
    const { tunnel, shown } = await checked((socket) => {
      socket.write("SSH-2.0-many\r\n");
      socket.write(goodbye(MANY_WORDS));
    }, "ssh");
    expect(shortOf(tunnel)).toBe("down at host_key");
    expect(tunnel.cause).toStartWith("it takes connections, and shows no key: evil ");
    expect(tunnel.cause?.length).toBe(300);
    expect(shown.length).toBeLessThan(4_000);
  });

  test("is short where what answers has many words", async () => {
    const body = JSON.stringify({ title: MANY_WORDS });
    const answer = `HTTP/1.1 503 No\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const { tunnel, shown } = await checked((socket) => void socket.once("data", () => socket.end(answer)), "target");
    expect(shortOf(tunnel)).toBe("down at health");
    expect(tunnel.cause).toStartWith("status 503: evil ");
    expect(shown.length).toBeLessThan(4_000);
  });

  test("says of a host that takes connections and is silent that nobody shows a key, not that it shows another", async () => {
    const { tunnel } = await checked(() => {}, "ssh");
    expect(shortOf(tunnel)).toBe("down at host_key");
    expect(tunnel.cause).toMatch(/^it takes connections, and shows no key: no answer within [\d.]{1,4} s$/);
    const { remedy } = probeOf(tunnel, "host_key");
    expect(remedy).toContain("systemctl status ssh");
    expect(remedy).not.toContain("reinstalled");
  });
});
