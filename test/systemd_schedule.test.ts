// The scheduled units and the retired ones, read and asked of systemd: when they fire, how long they may take, and that what was
// retired stays so. That they fire is shown in test/scenarios/fired_timers.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { STARTING_DEADLINE_S } from "../lib/activity/deadlines.ts";
import { isRendered } from "../lib/activity/rendered_header.ts";
import { run } from "../lib/process/run.ts";
import { onCalendar } from "../lib/schedule/on_calendar.ts";
import { accountEnvironment, makeAccount, startUserManager, type UserManager } from "./support/user_manager.ts";

const ROOT = join(import.meta.dir, "..");
const [ACTIVE, ARCHIVED] = [join(ROOT, "systemd/active"), join(ROOT, "systemd/archived")];
const WATCHDOG_MS = 60_000;
const timers = readdirSync(ACTIVE)
  .filter((file) => file.endsWith(".timer"))
  .sort();
/** The others look after one machine alone. */
const mirrored = timers.filter((timer) => existsSync(cronJobOf(timer)));
/** Made from activity definitions: their runs are filed under slots. */
const rendered = timers.filter((timer) => isRendered(readFileSync(join(ACTIVE, timer), "utf8")));
const made = mirrored.filter((timer) => !rendered.includes(timer));
const retired = readdirSync(ARCHIVED).sort();
const textOf = (path: string) => readFileSync(path, "utf8");
const settingOf = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(textOf(join(ACTIVE, unit)))?.[1];

function cronJobOf(timer: string): string {
  return join(ROOT, `k8s/apps/cronjob-${timer.replace(/\.timer$/, "")}.yaml`);
}

describe("every scheduled unit", () => {
  test("is there as a pair, and only its timer can be enabled", () => {
    expect(rendered).toEqual(["state-hub-consistency-sweep.timer", "state-hub-stale-task-cleanup.timer"]);
    expect(made).toEqual(["state-hub-backup-drill.timer", "state-hub-backup.timer"]);
    expect(timers.filter((timer) => !mirrored.includes(timer))).toEqual(["state-hub-tunnel-health.timer"]);
    for (const timer of timers) {
      const service = timer.replace(/timer$/, "service");
      expect(settingOf(timer, "Unit")).toBe(service);
      expect(settingOf(timer, "WantedBy")).toBe("timers.target");
      expect(textOf(join(ACTIVE, service))).not.toContain("[Install]");
    }
  });

  test("fires by UTC, to the second; it makes up for a backup or a drill alone, which belong to no slot", async () => {
    const account = makeAccount();
    try {
      for (const timer of timers) {
        const calendar = settingOf(timer, "OnCalendar") ?? "";
        expect(calendar).toEndWith(" UTC");
        expect(["AccuracySec", "RandomizedDelaySec", "Persistent"].map((key) => settingOf(timer, key))).toEqual([
          "1s",
          // Many machines look through one host: not all in the same second.
          mirrored.includes(timer) ? "0" : "30",
          made.includes(timer) ? "true" : "false",
        ]);
        const argv = ["systemd-analyze", "calendar", calendar];
        const { exitCode } = await run(argv, { env: accountEnvironment(account.home), deadlineMs: WATCHDOG_MS });
        expect(exitCode).toBe(0);
      }
    } finally {
      account.remove();
    }
  });

  test("fires when its CronJob does", () => {
    for (const timer of mirrored) {
      const manifest = textOf(cronJobOf(timer));
      const cron = /^ {2}schedule: "(.*)"$/m.exec(manifest)?.[1] ?? "";
      expect([timer, settingOf(timer, "OnCalendar")]).toEqual([timer, onCalendar(cron)]);
    }
  });

  test("has time to take back what is half done, where it has no budget of its own", () => {
    for (const timer of made) {
      const service = timer.replace(/timer$/, "service");
      expect(settingOf(service, "ExecStart")).not.toContain("--max-seconds");
      expect([settingOf(service, "KillMode"), settingOf(service, "TimeoutStopSec")]).toEqual(["mixed", "60s"]);
      const hours = Number(/^(\d+)h$/.exec(settingOf(service, "TimeoutStartSec") ?? "")?.[1]);
      const manifest = textOf(cronJobOf(timer));
      expect(manifest).toContain(`activeDeadlineSeconds: ${hours * 3600}\n`);
    }
  });

  test("is ended by systemd a minute after its own budget, and before the cluster would", () => {
    for (const timer of rendered) {
      const service = timer.replace(/timer$/, "service");
      const budget = Number(/--max-seconds (\d+)/.exec(settingOf(service, "ExecStart") ?? "")?.[1]);
      expect(settingOf(service, "TimeoutStartSec")).toBe(`${budget + 60}s`);
      const manifest = textOf(cronJobOf(timer));
      expect(manifest).toContain(`activeDeadlineSeconds: ${budget + 120}`);
      expect(manifest).toContain(`startingDeadlineSeconds: ${STARTING_DEADLINE_S}`);
    }
  });
});

describe("a retired unit", () => {
  let manager: UserManager;
  beforeAll(async () => {
    manager = await startUserManager();
  }, WATCHDOG_MS);
  afterAll(() => manager.stop(), WATCHDOG_MS);

  test("is kept, and has no [Install]", () => {
    expect(retired).toEqual(["custodian-sync.service", "custodian-sync.timer"]);
    for (const unit of retired) expect(textOf(join(ARCHIVED, unit))).not.toMatch(/^\[Install\]/m);
  });

  test(
    "can be neither enabled nor started, however it is tried",
    async () => {
      for (const unit of retired) {
        const path = join(ARCHIVED, unit);
        expect((await manager.systemctl("enable", "--now", path)).exitCode).not.toBe(0);
        await manager.systemctl("link", path);
        await manager.systemctl("enable", unit);
        expect((await manager.systemctl("start", unit)).exitCode).not.toBe(0);
        expect((await manager.systemctl("is-enabled", unit)).stdout.trim()).not.toBe("enabled");
        expect((await manager.systemctl("is-active", unit)).stdout.trim()).not.toMatch(/^activ/);
      }
      const installed = join(manager.home, ".config/systemd/user");
      const wanted = existsSync(installed) ? readdirSync(installed).filter((name) => name.endsWith(".wants")) : [];
      expect(wanted).toEqual([]);
    },
    WATCHDOG_MS,
  );

  test("is named by no unit that is active, and by no manifest", async () => {
    const argv = ["grep", "-rl", "custodian-sync", "systemd/active", "k8s"];
    expect((await run(argv, { env: {}, cwd: ROOT, deadlineMs: WATCHDOG_MS })).stdout).toBe("");
  });
});
