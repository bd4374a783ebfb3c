// A command on another host, on a real sshd: how it ended, in its own words, and never a wait without an end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import ssh2 from "ssh2";
import { connectSsh, type SshConnection } from "../../../lib/ssh/connect.ts";
import { type ExecFault, execOver, type RemoteCommand } from "../../../lib/ssh/exec.ts";
import { pinnedKey } from "../../../lib/ssh/pinned_key.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { relayTo } from "../../support/tcp_relay.ts";
import { connected, homeWithSshConfig, hostOf, sshEnvironment } from "./ssh_scene.ts";

const DEADLINE_MS = 10_000;
const folder = temporaryFolder();
let sshd: Sshd;
let connection: SshConnection;
beforeAll(async () => {
  sshd = await startSshd();
  connection = await connected(sshd, homeWithSshConfig(folder.path, sshd.sshConfig));
});
afterAll(async () => {
  connection.close();
  await sshd.stop();
  folder.remove();
});

async function started(line: string, input = "", on = connection): Promise<RemoteCommand> {
  const command = await execOver(on, { line, deadlineMs: DEADLINE_MS });
  command.stdin.end(input);
  return command;
}
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    ({ kind }: ExecFault) => kind,
  );

const exitOf = (command: RemoteCommand) =>
  waitUntil({ forWhat: "its exit code", deadlineMs: DEADLINE_MS }, () => {
    const end = command.exited();
    return end === null ? { seen: "none" } : { found: end };
  });

async function heard({ stdout, stderr, ended }: RemoteCommand) {
  const text = async (from: AsyncIterable<Uint8Array>) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of from) chunks.push(chunk);
    return Buffer.concat(chunks).toString("latin1");
  };
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  return { out, err, ...(await ended) };
}

describe("execOver()", () => {
  test("gives both streams, the stdin that was asked for, and the exit code", async () => {
    expect(await heard(await started("cat; echo wrong >&2; exit 7", "a\xff\n"))).toEqual({
      out: Buffer.from("a\xff\n").toString("latin1"),
      err: "wrong\n",
      exitCode: 7,
      signal: null,
    });
  });

  test("names the signal that ended it", async () => {
    expect(await heard(await started("kill -KILL $$"))).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });

  test("holds what nobody reads over there, and gives all of it in the end", async () => {
    const size = 20_000_000;
    const before = process.memoryUsage().rss;
    const command = await started(`head -c ${size} /dev/zero`);
    await Bun.sleep(500);
    expect(process.memoryUsage().rss - before).toBeLessThan(size);
    expect((await heard(command)).out.length).toBe(size);
  });

  test("does not wait for a host that does not answer", async () => {
    const silent = await serving(() => {});
    const work = execOver(silent.connection, { line: "true", deadlineMs: 200 });
    expect(await faultOf(work)).toBe("silent");
    const stop = new AbortController();
    const stopped = execOver(silent.connection, { line: "true", deadlineMs: DEADLINE_MS, signal: stop.signal });
    stop.abort(new Error("Stopped by SIGTERM"));
    expect(stopped).rejects.toBe(stop.signal.reason);
    silent.close();
  });

  test("says that a host starts no command", async () => {
    const refusing = await serving((accept) => accept().on("exec", (_accept, reject) => reject()));
    expect(await faultOf(started("true", "", refusing.connection))).toBe("refused");
    refusing.close();
  });

  test("hears of an end that comes with the answer to the request", async () => {
    const swift = await serving((accept) =>
      accept().on("exec", (accept) => {
        const channel = accept();
        channel.exit(5);
        channel.end("done");
      }),
    );
    expect(await heard(await started("true", "", swift.connection))).toMatchObject({ out: "done", exitCode: 5 });
    swift.close();
  });

  test("knows how it ended while its output is still to be read", async () => {
    const command = await started("head -c 500000 /dev/zero; exit 3");
    expect(await exitOf(command)).toEqual({ exitCode: 3, signal: null });
    expect(await Promise.race([command.ended, Bun.sleep(100)])).toBeUndefined();
    expect((await heard(command)).out.length).toBe(500_000);
  });

  test("says that a line was cut after the exit code, and before the last of the output", async () => {
    const { relay, connection: cut } = await relayed();
    // More than ssh2 takes before it is read, and little enough for the rest to fit between the command and sshd.
    const command = await started(`head -c ${3 * 1024 ** 2 + 40_000} /dev/zero`, "", cut);
    await exitOf(command);
    relay.close();
    expect(await faultOf(heard(command))).toBe("lost");
    expect(command.exited()).toEqual({ exitCode: 0, signal: null });
  });

  test("says that a line was cut, before and while it runs", async () => {
    const { relay, connection: cut } = await relayed();
    const command = await started("echo begun; sleep 60", "", cut);
    for await (const chunk of command.stdout) {
      expect(chunk.toString()).toBe("begun\n");
      relay.close();
    }
    expect(await faultOf(command.ended)).toBe("lost");
    expect(await faultOf(started("true", "", cut))).toBe("lost");
  });
});

/** Through a line that can be cut. */
async function relayed() {
  const relay = await relayTo(`http://${sshd.address}:${sshd.port}`);
  const alias = `  HostKeyAlias [${sshd.address}]:${sshd.port}\n`;
  const home = homeWithSshConfig(folder.path, `${sshd.sshConfig}${alias}`);
  const port = Number(new URL(relay.url).port);
  const host = { ...(await hostOf(sshd, home)), port };
  const made = await connectSsh({ host, env: sshEnvironment() });
  return { relay, connection: made };
}

/** A server that lets everybody in, and answers a session as the test says. */
async function serving(onSession: (accept: () => ssh2.Session) => void) {
  const { private: hostKey, public: line } = ssh2.utils.generateKeyPairSync("ed25519");
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on("authentication", (attempt) => attempt.accept()).on("error", () => {});
    client.on("session", onSession);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const host = { ...(await hostOf(sshd, homeWithSshConfig(folder.path, sshd.sshConfig))), port };
  const pinned = pinnedKey(line);
  if (pinned === null) throw new Error(`no public key: ${line}`);
  const made = await connectSsh({ host, env: sshEnvironment(), pinned });
  const close = () => {
    made.close();
    server.close();
  };
  return { connection: made, close };
}
