// The door to an account's systemd, against a user manager of the test's own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../../lib/failure.ts";
import { runSystemctl, systemctl, type UserManagerDoor, unitState } from "../../../lib/systemd/user_units.ts";
import { accountEnvironment, startUserManager, type UserManager } from "../../support/user_manager.ts";

const WATCHDOG_MS = 60_000;

describe("systemctl", () => {
  test("is told of the account's own units, asks nobody, and takes no unit's name for a flag", () => {
    const before = ["systemctl", "--user", "--no-pager", "--no-ask-password"];
    const plans = {
      disableNow: ["disable", "--now"],
      enableNow: ["enable", "--now"],
      start: ["start"],
      stop: ["stop"],
    };
    for (const [name, words] of Object.entries(plans))
      expect(systemctl[name as keyof typeof plans]("a.timer")).toEqual([...before, ...words, "--", "a.timer"]);
    expect(systemctl.link("/a b/c.timer")).toEqual([...before, "link", "--", "/a b/c.timer"]);
    expect(systemctl.resetFailed("a.timer")).toEqual([...before, "reset-failed", "--", "a.timer"]);
    expect(systemctl.forgetLastRun("a.timer")).toEqual([...before, "clean", "--what=state", "--", "a.timer"]);
    expect(systemctl.daemonReload()).toEqual([...before, "daemon-reload"]);
    expect(systemctl.show("a.timer").slice(0, 5)).toEqual([...before, "show"]);
  });
});

describe("a user manager", () => {
  let manager: UserManager;
  let door: UserManagerDoor;
  let folder: string;
  beforeAll(async () => {
    manager = await startUserManager();
    door = { env: accountEnvironment(manager.home), signal: new AbortController().signal };
    folder = join(manager.home, ".config/systemd/user");
    mkdirSync(folder, { recursive: true });
    write("a.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    write("a.timer", "[Timer]\nOnCalendar=*-*-* 03:00:00 UTC\n[Install]\nWantedBy=timers.target\n");
    await runSystemctl(door, systemctl.daemonReload());
  }, WATCHDOG_MS);
  afterAll(() => manager.stop(), WATCHDOG_MS);

  const write = (name: string, text: string) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => expect.unreachable("it did not fail"),
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(OpsFailure);
    return error as OpsFailure;
  };

  test("unitState() follows a timer from its file to its next moment and back, in any zone of the account", async () => {
    const here = { ...door, env: { ...door.env, TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8" } };
    expect(await unitState(here, "a.timer")).toEqual({
      unit: "a.timer",
      load: "loaded",
      active: "inactive",
      file: "disabled",
      fragment: join(folder, "a.timer"),
      dropIns: [],
      needsReload: false,
      nextElapse: null,
    });
    await runSystemctl(here, systemctl.enableNow("a.timer"));
    const enabled = await unitState(here, "a.timer");
    expect([enabled.active, enabled.file]).toEqual(["active", "enabled"]);
    const next = enabled.nextElapse as Date;
    expect(next.toISOString()).toEndWith("T03:00:00.000Z");
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    expect(next.getTime()).toBeGreaterThan(Date.now());
    await runSystemctl(here, systemctl.disableNow("a.timer"));
    expect(await unitState(here, "a.timer")).toMatchObject({ active: "inactive", file: "disabled", nextElapse: null });
  });

  test("unitState() tells a unit that is linked, masked, not there, and changed by a drop-in with a space in its name", async () => {
    const elsewhere = join(manager.home, "linked.service");
    writeFileSync(elsewhere, "[Service]\nExecStart=/bin/true\n");
    await runSystemctl(door, systemctl.link(elsewhere));
    expect(await unitState(door, "linked.service")).toMatchObject({
      file: "linked",
      fragment: join(folder, "linked.service"),
    });
    await runSystemctl(door, systemctl.disableNow("linked.service"));
    expect(await unitState(door, "linked.service")).toMatchObject({ load: "not-found", file: "", fragment: null });
    await runSystemctl(door, systemctl.stop("linked.service"));
    symlinkSync("/dev/null", join(folder, "masked.timer"));
    write('a.service.d/of "mine".conf', "[Service]\nNice=1\n");
    await runSystemctl(door, systemctl.daemonReload());
    expect(await unitState(door, "masked.timer")).toMatchObject({ load: "masked", file: "masked" });
    expect((await unitState(door, "a.service")).dropIns).toEqual([join(folder, 'a.service.d/of "mine".conf')]);
  });

  test("runSystemctl() fails with what systemctl said, and what to type", async () => {
    symlinkSync("/dev/null", join(folder, "other.timer"));
    await runSystemctl(door, systemctl.daemonReload());
    expect(await failure(runSystemctl(door, systemctl.enableNow("other.timer")))).toMatchObject({
      message: "Could not enable other.timer by systemctl",
      expected: "a unit that is not masked",
      hint: "systemctl --user list-unit-files --state=masked",
    });
    const missing = await failure(runSystemctl(door, systemctl.enableNow("nope.timer")));
    expect(missing.observed).toBe("Failed to enable unit: Unit file nope.timer does not exist.");
    expect(missing.hint).toContain("list-unit-files");
    expect((await failure(runSystemctl(door, systemctl.start("nope.timer")))).observed).toEndWith("not found.");
  });

  test("a manager that cannot be reached is a failure, not a unit that is not there", async () => {
    const { XDG_RUNTIME_DIR: _, DBUS_SESSION_BUS_ADDRESS: __, ...env } = door.env;
    const nobody = await failure(unitState({ ...door, env }, "a.timer"));
    expect(nobody).toMatchObject({
      message: "Could not ask systemd about a.timer",
      observed: "Failed to connect to bus: No medium found",
      hint: 'export XDG_RUNTIME_DIR="/run/user/$(id -u)"',
    });
    const gone = { ...door, env: { ...env, XDG_RUNTIME_DIR: join(manager.home, "nowhere") } };
    expect((await failure(unitState(gone, "a.timer"))).hint).toBe("loginctl enable-linger");
    const without = { ...door, env: { ...door.env, PATH: "/nonexistent" } };
    expect((await failure(unitState(without, "a.timer"))).message).toBe("Could not start systemctl");
  });

  test("ends with the reason of a signal", async () => {
    const abort = new AbortController();
    const work = unitState({ ...door, signal: abort.signal }, "a.timer");
    abort.abort(new Error("asked to stop"));
    await expect(work).rejects.toThrow("asked to stop");
  });
});
