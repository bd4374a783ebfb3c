// The steps that touch units, against a real systemd: cut off in the middle, with a timer of the old name, and with files that
// somebody else put there.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Move } from "../../../../../lib/cutover/schedule/move.ts";
import { copyUnitsToArchive } from "../../../../../lib/cutover/schedule/steps/copy_units_to_archive.ts";
import { disableTimer } from "../../../../../lib/cutover/schedule/steps/disable_timer.ts";
import { enableTimer } from "../../../../../lib/cutover/schedule/steps/enable_timer.ts";
import { removeUnits } from "../../../../../lib/cutover/schedule/steps/remove_units.ts";
import { restoreUnits } from "../../../../../lib/cutover/schedule/steps/restore_units.ts";
import { OLD_TIMER } from "../../../../../lib/cutover/schedule/world.ts";
import type { Step } from "../../../../../lib/plan/run_steps.ts";
import { cronGrid } from "../../../../../lib/schedule/cron_grid.ts";
import { waitUntil } from "../../../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../../../support/hub.ts";
import { startTestWorld, type TestWorld } from "../../../../support/kubernetes_and_units.ts";
import { describeWithKubectl } from "../../../../support/with_kubectl.ts";

const NAME = "state-hub-consistency-sweep";
const WATCHDOG_MS = 60_000;

describeWithKubectl("a step that touches units", () => {
  let here: TestWorld;
  let hub: TestHub;
  let made = 0;
  beforeAll(async () => {
    [here, hub] = await Promise.all([startTestWorld(), freshHub()]);
  }, WATCHDOG_MS);
  afterAll(async () => {
    await here.stop();
    await hub.close();
  }, WATCHDOG_MS);
  beforeEach(() => here.reset(), WATCHDOG_MS);

  const move = () =>
    ({
      world: here.world,
      hub: hub.database,
      grid: cronGrid("*/15 * * * *"),
      signal: new AbortController().signal,
      progress: () => {},
    }) as unknown as Move;
  const terms = (timer = `${NAME}.timer`) => ({ timers: timer, archive: join(here.manager.home, `archive-${++made}`) });
  const state = async (unit: string) => {
    const { stdout } = await here.manager.systemctl(
      "show",
      "--property=LoadState,ActiveState,UnitFileState",
      "--value",
      unit,
    );
    return stdout.trimEnd().split("\n").join(" ");
  };
  const does = async (step: Step) => {
    if (!(await step.look()).done) await step.act();
    expect([step.id, (await step.look()).done]).toEqual([step.id, true]);
  };
  const linked = async () => {
    await here.systemctl("link", ...["service", "timer"].map((kind) => join(here.world.unitFolder, `${NAME}.${kind}`)));
    await here.systemctl("enable", "--now", `${NAME}.timer`);
  };
  const installed = (unit: string) => join(here.world.installedFolder, unit);

  test(
    "disable_timer stops a timer that was cut off between its two halves: no file any more, and still firing",
    async () => {
      await linked();
      rmSync(join(here.world.installedFolder, "timers.target.wants"), { recursive: true });
      rmSync(installed(`${NAME}.timer`));
      expect((await state(`${NAME}.timer`)).split(" ")).toContain("active");
      await does(disableTimer(move(), terms()));
      expect((await state(`${NAME}.timer`)).split(" ")).not.toContain("active");
    },
    WATCHDOG_MS,
  );

  test(
    "disable_timer says calmly what became of a linked timer, and of one that still fires that it does",
    async () => {
      await linked();
      const step = disableTimer(move(), terms());
      expect((await step.look()).evidence).toEqual({ [`${NAME}.timer`]: "still fires: enabled, active" });
      await does(step);
      expect((await step.look()).evidence).toEqual({ [`${NAME}.timer`]: "fires no more, its link is gone" });
    },
    WATCHDOG_MS,
  );

  test(
    "a timer of the old name goes and comes back as it was, a file; with Persistent=true it makes up for nothing",
    async () => {
      const text = "[Timer]\nOnCalendar=*-*-* *:00/15:00 UTC\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n";
      const ran = join(here.manager.home, "ran");
      here.write(OLD_TIMER, text);
      here.write("custodian-sync.service", `[Service]\nType=oneshot\nExecStart=/usr/bin/touch ${ran}\n`);
      await here.systemctl("daemon-reload");
      await here.systemctl("enable", "--now", OLD_TIMER);
      // It fired last a day ago: the next start would make up for it.
      await here.type(`touch -d '1 day ago' ${here.manager.home}/.local/share/systemd/timers/stamp-${OLD_TIMER}`);
      const given = terms(OLD_TIMER);
      for (const step of [copyUnitsToArchive, disableTimer, removeUnits]) await does(step(move(), given));
      expect([existsSync(installed(OLD_TIMER)), await state(OLD_TIMER)]).toEqual([false, "not-found inactive"]);
      for (const step of [restoreUnits, enableTimer]) await does(step(move(), given));
      expect([readFileSync(installed(OLD_TIMER), "utf8"), await state(OLD_TIMER)]).toEqual([
        text,
        "loaded active enabled",
      ]);
      expect(existsSync(ran)).toBe(false);
    },
    WATCHDOG_MS,
  );

  test(
    "restore_units overwrites nothing that somebody put there meanwhile, and says where it is",
    async () => {
      here.write(`${NAME}.timer`, "[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n");
      here.write(`${NAME}.service`, "[Service]\nExecStart=/bin/true\n");
      await here.systemctl("daemon-reload");
      const given = terms();
      for (const step of [copyUnitsToArchive, disableTimer, removeUnits]) await does(step(move(), given));
      here.write(`${NAME}.timer`, "# mine\n");
      const restore = restoreUnits(move(), given);
      expect(restore.act()).rejects.toThrow(
        expect.objectContaining({ observed: `${installed(`${NAME}.timer`)} is another file now` }),
      );
      await Bun.sleep(0);
      expect(readFileSync(installed(`${NAME}.timer`), "utf8")).toBe("# mine\n");
    },
    WATCHDOG_MS,
  );

  test(
    "remove_units takes nothing that was changed after it was copied",
    async () => {
      here.write(`${NAME}.timer`, "[Timer]\nOnCalendar=daily\n");
      here.write(`${NAME}.service`, "[Service]\nExecStart=/bin/true\n");
      await here.systemctl("daemon-reload");
      const given = terms();
      await does(copyUnitsToArchive(move(), given));
      here.write(`${NAME}.service`, "[Service]\nExecStart=/bin/false\n");
      expect(removeUnits(move(), given).act()).rejects.toThrow("Could not move the unit");
      await Bun.sleep(0);
      expect(readFileSync(installed(`${NAME}.service`), "utf8")).toContain("/bin/false");
    },
    WATCHDOG_MS,
  );

  test(
    "enable_timer starts no run of a slot that is over, of a timer that systemd still remembers",
    async () => {
      const ran = join(here.manager.home, `ran-${++made}`);
      here.write(
        `${NAME}.timer`,
        "[Timer]\nOnCalendar=*-*-* *:*:00/3 UTC\nAccuracySec=1us\n\n[Install]\nWantedBy=timers.target\n",
      );
      here.write(`${NAME}.service`, `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'date +%%s >> ${ran}'\n`);
      await here.systemctl("daemon-reload");
      await here.systemctl("enable", "--now", `${NAME}.timer`);
      const runs = () => (existsSync(ran) ? readFileSync(ran, "utf8").trim().split("\n").map(Number) : []);
      const wait = { deadlineMs: 20_000, intervalMs: 20 };
      await waitUntil({ ...wait, forWhat: "a run" }, () => (runs().length > 0 ? { found: true } : { seen: "none" }));
      // Stopped and still enabled: timers.target refers to it, and it is not forgotten.
      await here.systemctl("stop", `${NAME}.timer`);
      const [before, slot] = [runs().length, Math.floor((runs().at(-1) ?? 0) / 3) + 1];
      // The next slot is another's: it is over before the timer is back.
      await waitUntil({ ...wait, forWhat: "the next slot" }, () =>
        Date.now() >= slot * 3_000 + 200 ? { found: true } : { seen: String(Date.now()) },
      );
      await does(enableTimer({ ...move(), grid: cronGrid("*/3 * * * * *") }, { timers: `${NAME}.timer`, archive: "" }));
      await waitUntil({ ...wait, forWhat: "its run" }, () =>
        runs().length > before ? { found: true } : { seen: "none" },
      );
      expect(runs().filter((at) => Math.floor(at / 3) === slot)).toEqual([]);
    },
    WATCHDOG_MS,
  );
});
