// Who is spoken to, and as whom, on a real sshd: only a host whose key is known, only by key or agent, and always within a
// deadline.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";
import type { OpsFailure } from "../../../lib/failure.ts";
import { run } from "../../../lib/process/run.ts";
import { connectSsh } from "../../../lib/ssh/connect.ts";
import { keyFingerprint } from "../../../lib/ssh/known_host_key.ts";
import { resolveHost } from "../../../lib/ssh/resolve_host.ts";
import { freePort } from "../../support/free_port.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { makeKey } from "../../support/sshd_config.ts";
import { connected, homeWithSshConfig, hostOf, sshEnvironment } from "./ssh_scene.ts";

const folder = temporaryFolder();
let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
  folder.remove();
});

const homeWith = (config: string) => homeWithSshConfig(folder.path, config);
const fingerprint = () => keyFingerprint(Buffer.from(sshd.hostKeyLine.split(" ")[2] ?? "", "base64"));
const keygen = (...args: string[]) => run(["ssh-keygen", ...args], { env: sshEnvironment(), deadlineMs: 10_000 });

async function refusal(config: string, env = sshEnvironment()): Promise<OpsFailure> {
  const failure = await connected(sshd, homeWith(config), env).then(
    (connection) => connection.close(),
    (error: OpsFailure) => error,
  );
  if (!failure) throw new Error("It was let in");
  return failure;
}

/** The client's text with another line of known hosts. */
function knowing(line: string): string {
  const file = join(folder.path, `known-${Bun.hash(line)}`);
  writeFileSync(file, `${line}\n`);
  return sshd.sshConfig.replace(/UserKnownHostsFile ".*"/, `UserKnownHostsFile "${file}"`);
}

/** The client's text with another key in the place of the one that is let in. */
function showing(key: string, more = ""): string {
  return `${sshd.sshConfig.replace(/IdentityFile ".*"/, `IdentityFile "${key}"`)}${more}`;
}

describe("resolveHost()", () => {
  const resolved = (config: string, host: string, more: { user?: string; port?: number } = {}) =>
    resolveHost({ host, ...more, env: { ...sshEnvironment(), HOME: "/home/me" }, stateHubHome: homeWith(config) });

  test("resolveHost() takes aliases, ports, users, keys and known hosts from OpenSSH's own reading", async () => {
    const config = `Host vault
  HostName 10.0.0.9
  Port 2222
  User keeper
  IdentityFile ~/.ssh/vault_key
  IdentitiesOnly yes
  UserKnownHostsFile /keys/a /keys/b
  GlobalKnownHostsFile none
`;
    expect(await resolved(config, "vault")).toMatchObject({
      hostname: "10.0.0.9",
      port: 2222,
      user: "keeper",
      knownAs: "[10.0.0.9]:2222",
      identityFiles: ["/home/me/.ssh/vault_key"],
      identitiesOnly: true,
      knownHostsFiles: ["/keys/a", "/keys/b"],
    });
    expect(await resolved(config, "vault", { user: "other", port: 22 })).toMatchObject({
      user: "other",
      port: 22,
      knownAs: "10.0.0.9",
    });
  });

  test.each(["ProxyJump bastion", "ProxyCommand nc %h %p"])("resolveHost() refuses %s with words", async (line) => {
    await expect(resolved(`Host *\n  ${line}\n`, "vault")).rejects.toMatchObject({
      observed: expect.stringContaining("proxy"),
    });
  });

  test.each(["-oProxyCommand=x", "a;b", "$(x)", "a b", ""])("resolveHost() takes %p for no host", async (host) => {
    await expect(resolved("", host)).rejects.toThrow("Could not use the host's name");
  });

  test("resolveHost() says what ssh has against the configuration", async () => {
    await expect(resolved("Port nonsense\n", "vault")).rejects.toThrow("Could not read the ssh configuration");
  });
});

describe("connectSsh() and the host's key", () => {
  test("connectSsh() refuses a host that shows another key than it is known by, with both fingerprints and the file", async () => {
    const failure = await refusal(sshd.sshConfigWithWrongKey);
    expect(failure.observed).toContain(fingerprint());
    expect(failure.expected).toMatch(/SHA256:\S+ \(\/.*known_hosts_wrong:1\)/);
    expect(failure.hint).toContain("ssh-keygen -l -F");
    expect(sshd.log()).not.toContain("Accepted publickey");
  });

  test("which ssh2 left to itself would accept", async () => {
    const client = new ssh2.Client();
    const key = readFileSync(sshd.userKey);
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve).once("error", reject);
      const username = new URL(sshd.urlOf("/")).username;
      client.connect({ host: sshd.address, port: sshd.port, username, privateKey: key });
    });
    client.destroy();
  });

  test("connectSsh() refuses a host of which no key is known, and says how to look", async () => {
    const failure = await refusal(sshd.sshConfigWithoutKey);
    expect(failure.observed).toContain(fingerprint());
    expect(failure.expected).toContain("known_hosts_none");
    expect(failure.hint).toContain("ssh-keygen -l -F");
  });

  test("connectSsh() refuses a revoked key, and a certificate authority in the place of the host's own key", async () => {
    expect((await refusal(knowing(`@revoked ${sshd.hostKeyLine}`))).observed).toContain("revoked");
    expect((await refusal(knowing(`@revoked ${sshd.hostKeyLine}\n${sshd.hostKeyLine}`))).observed).toContain("revoked");
    expect((await refusal(knowing(`@cert-authority ${sshd.hostKeyLine}`))).expected).toContain("authority");
  });

  test("connectSsh() knows hashed lines and patterns", async () => {
    const hashed = join(folder.path, "hashed");
    writeFileSync(hashed, `${sshd.hostKeyLine}\n`);
    await keygen("-H", "-f", hashed);
    const text = readFileSync(hashed, "utf8").trim();
    expect(text).toStartWith("|1|");
    for (const line of [text, sshd.hostKeyLine.replace(/^\S+/, `[127.0.0.*]:${sshd.port}`)])
      (await connected(sshd, homeWith(knowing(line)))).close();
  });
});

describe("connectSsh() and a host with keys of several types", () => {
  test("connectSsh() asks for the key that is known, whichever it would rather be shown", async () => {
    for (const type of ["ed25519", "ecdsa", "rsa"])
      await keygen("-q", "-t", type, "-N", "", "-f", join(folder.path, `host_${type}`));
    const hostKeys = ["ed25519", "ecdsa", "rsa"].map((type) => readFileSync(join(folder.path, `host_${type}`)));
    const server = new ssh2.Server({ hostKeys }, (client) => {
      client.on("authentication", (attempt) => attempt.accept()).on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
      const known = join(folder.path, `known_${type}`);
      writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(join(folder.path, `host_${type}.pub`), "utf8")}`);
      const host = { ...(await hostOf(sshd, homeWith(sshd.sshConfig))), port, knownAs: `[127.0.0.1]:${port}` };
      (await connectSsh({ host: { ...host, knownHostsFiles: [known] }, env: sshEnvironment() })).close();
    }
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});

describe("connectSsh() and our keys", () => {
  test("connectSsh() does not show a key that others can read", async () => {
    const open = join(folder.path, "open_key");
    copyFileSync(sshd.userKey, open);
    chmodSync(open, 0o644);
    const failure = await refusal(showing(open));
    expect(failure.observed).toContain("can be read by others (mode 644): chmod 600");
  });

  test("connectSsh() says that a key with a passphrase is for the agent, and uses it from there", async () => {
    const locked = join(folder.path, "locked_key");
    copyFileSync(sshd.userKey, locked);
    chmodSync(locked, 0o600);
    await keygen("-p", "-f", locked, "-N", "a passphrase");
    expect((await refusal(showing(locked))).observed).toContain("has a passphrase: ssh-add");
    copyFileSync(`${sshd.userKey}.pub`, `${locked}.pub`);
    await withAgent([sshd.userKey], async (env) => {
      const config = showing(locked).replace("IdentityAgent none\n", "IdentityAgent SSH_AUTH_SOCK\n");
      (await connected(sshd, homeWith(config), env)).close();
    });
  });

  test("connectSsh() shows of an agent with many keys the configured one alone", async () => {
    const decoys = await Promise.all(
      Array.from({ length: 7 }, async (_, index) => {
        const path = join(folder.path, `decoy${index}`);
        await makeKey(path);
        return path;
      }),
    );
    const publicOnly = join(folder.path, "only_public");
    copyFileSync(`${sshd.userKey}.pub`, `${publicOnly}.pub`);
    await withAgent([...decoys, sshd.userKey], async (env) => {
      const config = showing(publicOnly).replace("IdentityAgent none\n", "IdentityAgent SSH_AUTH_SOCK\n");
      (await connected(sshd, homeWith(config), env)).close();
      const all = config.replace("IdentitiesOnly yes", "IdentitiesOnly no");
      expect((await refusal(all, env)).message).toBe("Could not connect by ssh");
    });
  });

  test("connectSsh() names the keys when none is let in, and never tries a password", async () => {
    const stranger = join(folder.path, "stranger");
    await makeKey(stranger);
    expect((await refusal(showing(stranger))).observed).toContain(`it let none of our keys in (shown: ${stranger})`);
    const asking = await startSshd({ bind: "127.0.0.2", asksPassword: true });
    const home = homeWith(asking.sshConfig);
    await expect(connected(asking, home)).rejects.toMatchObject({
      observed: expect.stringContaining("none of our keys"),
    });
    expect(asking.log()).not.toContain("password for");
    await asking.stop();
  });

  test("connectSsh() says which files are missing when there is nothing to show", async () => {
    const failure = await refusal(showing("/nowhere/key"));
    expect(failure.observed).toContain("/nowhere/key");
  });
});

describe("connectSsh() and time", () => {
  test("connectSsh() gives up on a host that accepts and says nothing", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const host = { ...(await hostOf(sshd, homeWith(sshd.sshConfig))), port };
    await expect(connectSsh({ host, env: sshEnvironment(), deadlineMs: 300 })).rejects.toMatchObject({
      observed: "no answer within 0.3 s",
    });
    server.close();
  });

  test("connectSsh() says that nothing listens", async () => {
    const host = { ...(await hostOf(sshd, homeWith(sshd.sshConfig))), port: await freePort("127.0.0.1") };
    await expect(connectSsh({ host, env: sshEnvironment() })).rejects.toMatchObject({
      observed: "nothing listens on the port",
    });
  });

  test("connectSsh() ends with the signal's reason, before and after it was let in", async () => {
    const host = await hostOf(sshd, homeWith(sshd.sshConfig));
    const early = AbortSignal.abort(new Error("stopped"));
    await expect(connectSsh({ host, env: sshEnvironment(), signal: early })).rejects.toThrow("stopped");
    const later = new AbortController();
    const connection = await connectSsh({ host, env: sshEnvironment(), signal: later.signal });
    later.abort(new Error("stopped"));
    expect(connection.lost.aborted).toBe(true);
  });
});

/** An agent of the test's own. */
async function withAgent(keys: readonly string[], use: (env: Record<string, string>) => Promise<void>): Promise<void> {
  const socket = join(folder.path, `agent-${Math.random()}`);
  mkdirSync(folder.path, { recursive: true });
  const agent = Bun.spawn(["ssh-agent", "-D", "-a", socket], { stdout: "pipe", stderr: "ignore" });
  try {
    // It says where it listens once it does.
    await agent.stdout.getReader().read();
    const env = { ...sshEnvironment(), SSH_AUTH_SOCK: socket };
    const added = await run(["ssh-add", "-q", ...keys], { env, deadlineMs: 10_000 });
    expect(added.stderr).toBe("");
    await use(env);
  } finally {
    agent.kill();
    await agent.exited;
  }
}
