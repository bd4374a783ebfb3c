// What breaks between on_host.ts and the other machine, on a real sshd: each fault is named in time, a signal reaches the
// script, and nothing runs on over there that nobody was told of.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { cuttingProxy } from "../support/cutting_proxy.ts";
import { freePort } from "../support/free_port.ts";
import { isOver, isThere, ON_HOST, type OnHostScene, onHostScene, SCRIPT } from "../support/on_host_scene.ts";
import { makeKey } from "../support/sshd_config.ts";
import { relayTo } from "../support/tcp_relay.ts";

let scene: OnHostScene;
beforeAll(async () => {
  scene = await onHostScene();
});
afterAll(() => scene.stop());
afterEach(() => scene.settled());

describe("a host that is not reached", () => {
  const said = (text: string, hint = "Try: ssh") => ({
    code: 2,
    out: "",
    letIn: 0,
    err: expect.stringMatching(new RegExp(`^C-00 Could not ${text}[^]*\\n${hint}`)),
  });

  test("shows another key than it is known by", async () => {
    const ran = await scene.timed([scene.url, SCRIPT, "words"], scene.knowing(scene.sshd.sshConfigWithWrongKey));
    expect(ran).toMatchObject(
      said("trust the host: it shows the key .* another than it is known by", "Try: ssh-keygen -l -F"),
    );
  });

  test("has no key that is known", async () => {
    const ran = await scene.timed([scene.url, SCRIPT, "words"], scene.knowing(scene.sshd.sshConfigWithoutKey));
    expect(ran).toMatchObject(said("trust the host: .* no key of it is known", "Try: ssh-keygen -l -F .*: ssh "));
  });

  test("does not let our key in", async () => {
    const key = join(scene.folder, "another_key");
    await makeKey(key);
    const config = scene.sshd.sshConfig.replace(/IdentityFile ".*"/, `IdentityFile "${key}"`);
    expect(await scene.timed([scene.url, SCRIPT], scene.knowing(config))).toMatchObject(
      said("connect by ssh: it let none of our keys in"),
    );
  });

  test("is not there", async () => {
    const port = await freePort("127.0.0.1");
    expect(await scene.timed([`ssh://127.0.0.1:${port}`, SCRIPT])).toMatchObject(
      said("connect by ssh: nothing listens on the port"),
    );
  });

  test("is silent: the time is --timeout's", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const ran = await scene.timed(["--timeout", "1", `ssh://127.0.0.1:${port}`, SCRIPT]);
    server.close();
    expect(ran).toMatchObject(said("connect by ssh: no answer within"));
    expect(ran.seconds).toBeLessThan(6);
  });
});

describe("a host that starts nothing", () => {
  test("its account has a shell that says no", async () => {
    scene.sshd.fault({ command: "echo not available; exit 1" });
    expect(await scene.run([scene.url, "--", SCRIPT, "words", "a"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(
        "Could not start the script: the account's shell ended with 1, and said: not available",
      ),
    });
  });

  test("its account's shell is silent: the time is --timeout's", async () => {
    scene.sshd.fault({ command: "exec sleep 3" });
    const { code, err, seconds } = await scene.timed(["--timeout", "2", scene.url, SCRIPT]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("did not begin it within") });
    expect(seconds).toBeLessThan(7);
  });

  test("it has no toolkit, or not that script: as a shell says it", async () => {
    for (const words of [
      ["--toolkit", "~/elsewhere", scene.url, SCRIPT],
      [scene.url, "cutover.ts"],
    ]) {
      const { code, out, err } = await scene.run(words);
      expect({ code, out, err }).toEqual({
        code: 127,
        out: "",
        err: expect.stringMatching(/^C-00 Could not find the toolkit: .*\n {2}at .*\nTry: ssh /),
      });
    }
  });

  test("the same with --json: a document of ours, since there is none of the script's", async () => {
    const { code, out } = await scene.run([scene.url, "cutover.ts", "--json"]);
    expect({ code, document: JSON.parse(out) }).toMatchObject({
      code: 127,
      document: {
        schema_version: 1,
        exit_code: 127,
        automation_error: { message: expect.stringContaining("Could not find the toolkit") },
        error: { kind: "automation", observed: expect.stringContaining("no ~/state-hub-ops/scripts/cutover.ts") },
      },
    });
  });
});

describe("a line that breaks", () => {
  /** Through a port of its own, by a name that the configuration has. */
  const named = (name: string, url: string) => {
    const { address, port, sshConfig } = scene.sshd;
    const alias = [`Host ${name}`, `  HostName ${address}`, `  Port ${new URL(url).port}`, "  User root"];
    const rest = sshConfig.replace(/^Host .*/, "");
    return `${[...alias, `  HostKeyAlias [${address}]:${port}`].join("\n")}${rest}`;
  };
  const endFar = async () => {
    expect(isThere(scene.farPid())).toBe(true);
    process.kill(scene.farPid(), "SIGKILL");
    await scene.farGone();
  };
  const NOT_KNOWN =
    /Could not see the script end: the connection ended before the command did; it may still run there, as process (\d+) \(ssh .* 'ps -o pid,etime,args -p \1'\)/;

  test("cut: it says what is not known, and how to look; the script goes on", async () => {
    const proxy = await cuttingProxy(`http://127.0.0.1:${scene.sshd.port}`, 3_000);
    const { code, out, err } = await scene.run(["cut", SCRIPT, "wait"], scene.knowing(named("cut", proxy.url)));
    proxy.close();
    expect({ code, out, err }).toEqual({ code: 2, out: "waiting\n", err: expect.stringMatching(NOT_KNOWN) });
    expect(err).toContain(`as process ${scene.farPid()} `);
    await endFar();
  });

  test("swallowed without a word: found by the keepalive", async () => {
    const relay = await relayTo(`http://127.0.0.1:${scene.sshd.port}`);
    const running = scene.start(["silent", SCRIPT, "wait"], scene.knowing(named("silent", relay.url)));
    await running.said("waiting");
    const start = performance.now();
    relay.swallow();
    const { code, err } = await running.ended;
    relay.close();
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(NOT_KNOWN) });
    expect(performance.now() - start).toBeLessThan(30_000);
    await endFar();
  }, 60_000);

  test("swallowed before the script began: it does not begin, whatever the shell over there still reads", async () => {
    const [file, relay] = [join(scene.folder, "login"), await relayTo(`http://127.0.0.1:${scene.sshd.port}`)];
    // One whose greeting goes to nobody goes on all the same.
    scene.sshd.fault({ command: `trap '' PIPE; echo $$ >${file}; sleep 1; eval "$SSH_ORIGINAL_COMMAND"` });
    rmSync(join(scene.home, "state-hub-ops/scripts/pid"), { force: true });
    const words = ["--timeout", "3", "early", SCRIPT, "wait"];
    const running = scene.start(words, scene.knowing(named("early", relay.url)));
    await waitUntil({ forWhat: "the login", deadlineMs: 20_000 }, () =>
      existsSync(file) ? { found: true } : { seen: "no login" },
    );
    await Bun.sleep(300);
    relay.swallow();
    const { code, err } = await running.ended;
    relay.close();
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("Could not start the script") });
    await Bun.sleep(500);
    expect(existsSync(join(scene.home, "state-hub-ops/scripts/pid"))).toBe(false);
  });
});

describe("a signal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s reaches the script, and nothing is left", async (name, code) => {
    const running = scene.start([scene.url, SCRIPT, "wait"]);
    await running.said("waiting");
    running.kill(name);
    // On a busy machine it takes long enough to be waited for in words.
    const said = new RegExp(`^waiting\n(Waiting for process .*\n)?told ${name.slice(3)}\n$`);
    expect(await running.ended).toEqual({ code, out: "waiting\n", err: expect.stringMatching(said) });
    await scene.farGone();
  });

  test("that the script does not heed: waited for within 10 s, and what may go on is named", async () => {
    const running = scene.start([scene.url, SCRIPT, "deaf"]);
    await running.said("waiting");
    const start = performance.now();
    running.kill("SIGTERM");
    const { code, err } = await running.ended;
    expect({ code, err }).toEqual({
      code: 143,
      err: expect.stringContaining(`it may still run there, as process ${scene.farPid()} (ssh `),
    });
    expect(performance.now() - start).toBeLessThan(10_000);
    process.kill(scene.farPid(), "SIGKILL");
    await scene.farGone();
  });

  test("after the script's end, while nobody reads its output: it says how it ended, once", async () => {
    const fifo = join(scene.folder, "unread");
    Bun.spawnSync(["mkfifo", fifo]);
    const unread = openSync(fifo, constants.O_RDWR);
    rmSync(join(scene.home, "state-hub-ops/scripts/pid"), { force: true });
    const env = { ...environmentForPrograms(), ...scene.knowing(scene.sshd.sshConfig), SSH_AUTH_SOCK: "" };
    const argv = [...ON_HOST, scene.url, SCRIPT, "bytes", "500000"];
    const child = Bun.spawn(argv, { env, stdio: ["ignore", unread, "pipe"] });
    try {
      await waitUntil({ forWhat: "the script", deadlineMs: 20_000 }, () =>
        existsSync(join(scene.home, "state-hub-ops/scripts/pid")) ? { found: true } : { seen: "none" },
      );
      await scene.farGone();
      await Bun.sleep(300);
      child.kill("SIGTERM");
      const [err, code] = [await new Response(child.stderr).text(), await child.exited];
      expect({ code, lines: err.trimEnd().split("\n") }).toEqual({
        code: 143,
        lines: [
          expect.stringMatching(/^Waiting for a reader: process \d+ at .* ended with exit code 3$/),
          expect.stringMatching(/^Stopped by SIGTERM: .*nobody has read the rest.* ended there with exit code 3/),
        ],
      });
    } finally {
      child.kill("SIGKILL");
      closeSync(unread);
    }
  }, 40_000);

  test("a second Ctrl-C ends the wait at once: the script that may go on was named by then", async () => {
    const running = scene.start([scene.url, SCRIPT, "deaf"]);
    await running.said("waiting");
    running.kill("SIGINT");
    await running.said(`Waiting for process ${scene.farPid()} at root@`);
    const start = performance.now();
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, err: expect.stringContaining("asked a second time") });
    expect(performance.now() - start).toBeLessThan(2_000);
    process.kill(scene.farPid(), "SIGKILL");
    await scene.farGone();
  });

  const shellPid = () => Number(readFileSync(join(scene.folder, "shell"), "utf8"));
  /** Let in, and its shell not yet started. */
  const startedSlowly = async (seconds: number) => {
    const file = join(scene.folder, "shell");
    rmSync(file, { force: true });
    scene.sshd.fault({ command: `echo $$ >${file}; sleep ${seconds}; eval "$SSH_ORIGINAL_COMMAND"` });
    const running = scene.start(["--timeout", "30", scene.url, "--", SCRIPT, "wait"]);
    await waitUntil({ forWhat: "the login", deadlineMs: 20_000 }, () =>
      existsSync(file) ? { found: true } : { seen: "no login" },
    );
    return running;
  };

  test.each([1, 4])("that comes %d s before the script would begin: it does not begin", async (seconds) => {
    const last = scene.farPid();
    const running = await startedSlowly(seconds);
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    await isOver("the shell over there", () => !isThere(shellPid()));
    expect(scene.farPid()).toBe(last);
  });
});
