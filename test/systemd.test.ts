// The units against systemd and against the program: a key that systemd does not know, a command that the script would
// refuse, a sandbox in which the hub cannot live. A unit rots quietly: it is only read when a machine starts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../lib/cli/define_script.ts";
import { parseArguments } from "../lib/cli/parse_arguments.ts";
import { run } from "../lib/process/run.ts";
import { waitUntil } from "../lib/wait_until.ts";
import { freePort } from "./support/free_port.ts";
import { makeRepo } from "./support/git_repo.ts";
import { freshHub, type TestHub } from "./support/hub.ts";
import {
  accountEnvironment,
  dropInPath,
  makeAccount,
  startUserManager,
  type UserManager,
} from "./support/user_manager.ts";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "systemd/active");
const WATCHDOG_MS = 60_000;
/** Of systemd's 10 (UNSAFE), in tenths. */
const EXPOSURE = 50;
/** It has to see which of the account's processes listens, and what brings a unit below the usual would hide them. */
const MORE_EXPOSED: Readonly<Record<string, number>> = { "state-hub-tunnel-health.service": 70 };
/** What is not ours to parse: ssh reads its settings from files that a test of their own starts. */
const OTHER_PROGRAMS: Readonly<Record<string, string>> = {
  "state-hub-tunnel@.service": "/usr/bin/ssh -F %h/.config/state-hub/tunnels/%i/ssh_config -N tunnel",
};
/** As ~/.config/state-hub/env may have them. */
const SETTINGS: Readonly<Record<string, string>> = {
  STATE_HUB_URL: "http://hub.example:8000",
  STATE_HUB_UPSTREAM: "http://hub.example:8000",
  STATE_HUB_BACKUP_STORE: "sftp://backup@store.example/state-hub",
};
const units = readdirSync(FOLDER).sort();
const textOf = (unit: string) => readFileSync(join(FOLDER, unit), "utf8");
const services = units.filter((name) => name.endsWith(".service"));
const valuesOf = (unit: string, key: string) =>
  [...textOf(unit).matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map((match) => match[1] ?? "");

describe("every active unit", () => {
  test("is known to the folder's README, with the commands that install it", () => {
    const readme = readFileSync(join(ROOT, "systemd/README.md"), "utf8");
    expect(units.length).toBeGreaterThan(1);
    for (const unit of units) {
      expect(readme).toContain(`(active/${unit})`);
      if (unit.endsWith(".timer")) expect(readme).toMatch(new RegExp(`--user link .*systemd/active/${unit}$`, "m"));
    }
    for (const unit of services) {
      expect(textOf(unit)).toMatch(new RegExp(`^#   systemctl --user link .*systemd/active/${unit}\\b`, "m"));
    }
  });

  test("has no key, and no value, that systemd does not know", async () => {
    const account = makeAccount();
    try {
      const argv = [
        "systemd-analyze",
        "verify",
        "--user",
        "--recursive-errors=yes",
        ...units.map((unit) => join(FOLDER, unit)),
      ];
      const { exitCode, stderr } = await run(argv, { env: accountEnvironment(account.home), deadlineMs: WATCHDOG_MS });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    } finally {
      account.remove();
    }
  });

  for (const unit of services) {
    test(`gives away no more than it must: ${unit}`, async () => {
      const account = makeAccount();
      try {
        const argv = [
          "systemd-analyze",
          "security",
          "--user",
          "--offline=true",
          `--threshold=${MORE_EXPOSED[unit] ?? EXPOSURE}`,
          join(FOLDER, unit),
        ];
        const { exitCode } = await run(argv, { env: accountEnvironment(account.home), deadlineMs: WATCHDOG_MS });
        expect(exitCode).toBe(0);
      } finally {
        account.remove();
      }
    });

    test(`starts a command that its script accepts, and no secret is in it: ${unit}`, async () => {
      const [command = "", ...more] = valuesOf(unit, "ExecStart");
      expect(more).toEqual([]);
      if (OTHER_PROGRAMS[unit] !== undefined) return expect(command).toBe(OTHER_PROGRAMS[unit]);
      const [path = "", ...argv] = command.split(" ");
      const file = path.replace("%h/state-hub-ops/", "");
      accessSync(join(ROOT, file), constants.X_OK);
      const { script } = (await import(join(ROOT, file))) as { script: Script };
      const words = argv.map((word) => word.replace(/\$\{([A-Z_]+)\}/, (_, name) => SETTINGS[name] ?? ""));
      expect(() => parseArguments(script, words)).not.toThrow();
      expect(command).not.toMatch(/TOKEN|PASSWORD|DATABASE_URL/);
    });
  }

  test("that holds the hub's address stops the other one that does", () => {
    expect(valuesOf("state-hub.service", "Conflicts")).toEqual(["state-hub-proxy.service"]);
    expect(valuesOf("state-hub-proxy.service", "Conflicts")).toEqual(["state-hub.service"]);
  });
});

describe("state-hub.service under a user's systemd", () => {
  let manager: UserManager;
  let hub: TestHub;
  let port: number;
  beforeAll(async () => {
    [manager, hub, port] = [await startUserManager(), await freshHub(), await freePort("127.0.0.1")];
    mkdirSync(join(manager.home, ".config/state-hub"), { recursive: true });
    const home = join(manager.home, "hub");
    writeFileSync(join(manager.home, ".config/state-hub/env"), `DATABASE_URL=${hub.url}\nSTATE_HUB_HOME=${home}\n`, {
      mode: 0o600,
    });
    const start = `${valuesOf("state-hub.service", "ExecStart")[0]} --port ${port}`;
    writeFileSync(
      dropInPath(manager.home, "state-hub.service"),
      `[Service]\nExecStart=\nExecStart=${start}\nRestartSec=100ms\n`,
    );
    expect((await manager.systemctl("link", join(FOLDER, "state-hub.service"))).exitCode).toBe(0);
  }, WATCHDOG_MS);
  afterAll(async () => {
    await manager.stop();
    await hub.close();
  }, WATCHDOG_MS);

  const shown = async (...properties: string[]) => {
    const { stdout } = await manager.systemctl(
      "show",
      "--property",
      properties.join(","),
      "--value",
      "state-hub.service",
    );
    return stdout.trim().split("\n");
  };
  const healthy = () =>
    waitUntil({ forWhat: "the hub to answer", deadlineMs: 30_000 }, async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/state/health`).catch(String);
      if (typeof answer !== "string" && answer.ok) return { found: true };
      return { seen: typeof answer === "string" ? answer : String(answer.status) };
    });

  test(
    "answers, reads repositories with git, comes back when it is killed, and stops cleanly",
    async () => {
      expect((await manager.systemctl("start", "state-hub.service")).exitCode).toBe(0);
      await healthy();
      const repo = await makeRepo(manager.home, "a repo", { "a.md": "a\n" });
      const register = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ path: repo.path }),
      };
      expect((await fetch(`http://127.0.0.1:${port}/repos/`, register)).status).toBe(201);
      const [pid = ""] = await shown("MainPID");
      process.kill(Number(pid), "SIGKILL");
      await waitUntil({ forWhat: "another process", deadlineMs: 30_000 }, async () => {
        const [now = ""] = await shown("MainPID");
        return now !== pid && now !== "0" ? { found: true } : { seen: now };
      });
      await healthy();
      expect((await manager.systemctl("stop", "state-hub.service")).exitCode).toBe(0);
      expect(await shown("ActiveState", "Result")).toEqual(["success", "inactive"]);
    },
    WATCHDOG_MS,
  );

  test(
    "gives up on wrong usage, which would be wrong again",
    async () => {
      const start = `${valuesOf("state-hub.service", "ExecStart")[0]} --no-such-flag`;
      writeFileSync(
        dropInPath(manager.home, "state-hub.service"),
        `[Service]\nExecStart=\nExecStart=${start}\nRestartSec=100ms\n`,
      );
      await manager.systemctl("daemon-reload");
      await manager.systemctl("start", "state-hub.service");
      await waitUntil({ forWhat: "the unit to fail", deadlineMs: 30_000 }, async () => {
        const [result, state] = await shown("Result", "ActiveState");
        return state === "failed" && result === "exit-code" ? { found: true } : { seen: `${state} ${result}` };
      });
      expect(await shown("NRestarts")).toEqual(["0"]);
    },
    WATCHDOG_MS,
  );
});
