// Who owns the schedule, asked of a real user manager and, by kubectl, of a cluster: each thing that can be wrong is made so,
// named, and put right by typing the very remedy that was printed.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { OwnedBy, ScheduleStatus } from "../../../../lib/cutover/schedule/sight.ts";
import { lookAtSchedule } from "../../../../lib/cutover/schedule/status.ts";
import { PARALLEL_SINCE } from "../../../../lib/cutover/schedule/world.ts";
import { copyUnits, SERVICE, startTestWorld, type TestWorld, TIMER } from "../../../support/kubernetes_and_units.ts";
import { cronJobManifest } from "../../../support/kubernetes_cron_job.ts";
import { describeWithKubectl } from "../../../support/with_kubectl.ts";

const NAME = "state-hub-consistency-sweep";
const WATCHDOG_MS = 60_000;

describeWithKubectl("lookAtSchedule()", () => {
  let here: TestWorld;
  beforeAll(async () => {
    here = await startTestWorld();
  }, WATCHDOG_MS);
  afterAll(() => here.stop(), WATCHDOG_MS);
  beforeEach(() => here.reset(), WATCHDOG_MS);

  const look = (ownedBy: OwnedBy | null = null) => lookAtSchedule(here.world, ownedBy);
  const ids = ({ findings }: ScheduleStatus) => findings.map(({ id }) => id);
  const owner = ({ owners }: ScheduleStatus, id: string) => owners.find((each) => each.id === id);
  /** The findings, once; then each remedy is typed, and the status looked at again. */
  const remedied = async (expected: readonly string[], ownedBy: OwnedBy | null = null) => {
    const before = await look(ownedBy);
    expect(ids(before)).toEqual([...expected]);
    for (const { remedy } of before.findings) await here.type(remedy);
    return { before, after: await look(ownedBy) };
  };
  const linked = async () => {
    const paths = ["service", "timer"].map((kind) => join(here.world.unitFolder, `${NAME}.${kind}`));
    await here.systemctl("link", ...paths);
    await here.systemctl("enable", "--now", `${NAME}.timer`);
  };
  const unsuspended = (annotations = {}) => {
    const manifest = cronJobManifest({ suspend: false });
    return here.api.apply({ ...manifest, metadata: { ...manifest.metadata, annotations } });
  };
  const oldTimer = async () => {
    here.write("custodian-sync.timer", TIMER);
    here.write("custodian-sync.service", SERVICE);
    await here.systemctl("daemon-reload");
  };

  test("is the timer's, with the moment that systemd itself names, while the CronJob is suspended", async () => {
    await linked();
    const status = await look();
    expect({ ...status, owners: [] }).toEqual({
      verdict: "timer",
      parallelSince: null,
      owners: [],
      findings: [],
      exitCode: 0,
    });
    expect(owner(status, "timer")).toMatchObject({ enabled: true, active: true, detail: "enabled, active" });
    const next = owner(status, "timer")?.next as Date;
    expect([next.getUTCMinutes() % 15, next.getUTCSeconds()]).toEqual([0, 0]);
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    expect(owner(status, "cronjob")).toMatchObject({ enabled: false, detail: "suspended, never started" });
  });

  test("is the CronJob's once it alone fires, and unknown to nobody", async () => {
    unsuspended();
    const status = await look({ owner: "cronjob", since: "2026-11-21T00:00:00Z" });
    expect([status.verdict, status.exitCode, status.findings]).toEqual(["cronjob", 0, []]);
  });

  test("none enabled: says so, and the remedy installs the timer", async () => {
    const { before, after } = await remedied(["none_enabled"]);
    expect([before.verdict, before.exitCode]).toEqual(["none", 1]);
    expect([after.verdict, after.exitCode, after.findings]).toEqual(["timer", 0, []]);
  });

  test("none enabled though the units are there: the remedy enables the timer", async () => {
    copyUnits(here);
    await here.systemctl("daemon-reload");
    const { before, after } = await remedied(["none_enabled"]);
    expect(before.findings[0]?.remedy).toBe(`systemctl --user enable --now ${NAME}.timer`);
    expect(after.verdict).toBe("timer");
  });

  test("both enabled: names both, and the remedy suspends the CronJob", async () => {
    await linked();
    unsuspended();
    const { before, after } = await remedied(["both_enabled"]);
    expect([before.verdict, before.exitCode]).toEqual(["both", 1]);
    expect(before.findings[0]?.says).toContain(`${NAME}.timer and CronJob state-hub/${NAME} each fire`);
    expect([after.verdict, here.api.cronJob(NAME).spec.suspend]).toEqual(["timer", true]);
  });

  test("both enabled after the move: the remedy disables the timer", async () => {
    await linked();
    unsuspended();
    const { after } = await remedied(["both_enabled"], { owner: "cronjob", since: "2026-11-21T00:00:00Z" });
    expect([after.verdict, here.api.cronJob(NAME).spec.suspend]).toEqual(["cronjob", false]);
  });

  test("side by side by intention: degraded, and no error", async () => {
    await linked();
    unsuspended({ [PARALLEL_SINCE]: "2026-11-20T00:00:00Z" });
    const status = await look();
    expect(status).toMatchObject({ verdict: "parallel", parallelSince: "2026-11-20T00:00:00Z", exitCode: 0 });
    expect(status.findings).toMatchObject([
      {
        id: "parallel_run",
        severity: "degraded",
        remedy: "scripts/cutover.ts schedule canary --context test --parallel --end",
      },
    ]);
  });

  test("a copied unit that was edited by hand: named, and the toolkit's text put back", async () => {
    copyUnits(here);
    here.write(`${NAME}.service`, `${SERVICE}TimeoutStartSec=5\n`);
    await here.systemctl("daemon-reload");
    await here.systemctl("enable", "--now", `${NAME}.timer`);
    const { before, after } = await remedied(["unit_edited"]);
    expect([before.verdict, before.exitCode]).toEqual(["timer", 1]);
    expect(before.findings[0]?.says).toContain(join(here.world.installedFolder, `${NAME}.service`));
    expect([after.exitCode, after.findings]).toEqual([0, []]);
  });

  test("a unit edited since systemd read it: edited, and to be read again", async () => {
    copyUnits(here);
    await here.systemctl("daemon-reload");
    await here.systemctl("enable", "--now", `${NAME}.timer`);
    await here.systemctl("show", `${NAME}.service`, "> /dev/null");
    await here.type(`touch -d '1 hour' ${join(here.world.installedFolder, `${NAME}.timer`)}`);
    const { after } = await remedied(["unit_needs_reload"]);
    expect(after.findings).toEqual([]);
  });

  test("a drop-in, known to systemd or not yet: named", async () => {
    await linked();
    here.write(`${NAME}.timer.d/of mine.conf`, "[Timer]\nAccuracySec=1h\n");
    // Whether systemd has noticed by now that it must read again is a question of the clock.
    const { findings } = await look();
    expect(findings[0]).toMatchObject({ id: "unit_drop_in", severity: "degraded" });
    await here.type(findings[0]?.remedy ?? "");
    here.write(`${NAME}.timer.d/of mine.conf`, "[Timer]\nAccuracySec=1h\n");
    await here.systemctl("daemon-reload");
    const { after } = await remedied(["unit_drop_in"]);
    expect([after.exitCode, after.findings]).toEqual([0, []]);
  });

  test("a masked timer: named, and the remedies lead back to one that fires", async () => {
    symlinkSync("/dev/null", join(here.world.installedFolder, `${NAME}.timer`));
    here.write(`${NAME}.service`, SERVICE);
    await here.systemctl("daemon-reload");
    const before = await look();
    expect(before.verdict).toBe("none");
    expect(ids(before)).toEqual(["none_enabled", "unit_masked"]);
    await here.type(before.findings[0]?.remedy ?? "");
    const after = await look();
    expect([after.verdict, after.findings]).toEqual(["timer", []]);
  });

  test("a timer that is enabled and does not run, and one that runs and is not enabled", async () => {
    await linked();
    await here.systemctl("stop", `${NAME}.timer`);
    const stopped = await remedied(["timer_not_active"]);
    expect([stopped.before.verdict, stopped.before.exitCode]).toEqual(["timer", 1]);
    expect(stopped.after.findings).toEqual([]);
    await here.type(`rm ${join(here.world.installedFolder, "timers.target.wants", `${NAME}.timer`)}`);
    await here.systemctl("daemon-reload");
    const started = await remedied(["timer_not_enabled"]);
    expect([started.before.verdict, started.before.exitCode]).toEqual(["timer", 0]);
    expect(started.after.findings).toEqual([]);
  });

  test("a timer whose service is not there", async () => {
    await linked();
    await here.type(`rm ${join(here.world.installedFolder, `${NAME}.service`)}`);
    await here.systemctl("daemon-reload");
    const { after } = await remedied(["service_missing"]);
    expect(after.findings).toEqual([]);
  });

  test("the timer of the old name: it owns, is replaced by its remedy, and is named until it is put away", async () => {
    await oldTimer();
    await here.systemctl("enable", "--now", "custodian-sync.timer");
    const first = await remedied(["old_timer"]);
    expect([first.before.verdict, first.before.exitCode]).toEqual(["timer", 0]);
    expect(owner(first.after, "timer")?.enabled).toBe(true);
    expect(first.after.findings).toMatchObject([{ id: "old_timer", severity: "degraded" }]);
    expect((await remedied(["old_timer"])).after.findings).toEqual([]);
  });

  test("both timers: two that fire, and the old one goes", async () => {
    await linked();
    await oldTimer();
    await here.systemctl("enable", "--now", "custodian-sync.timer");
    const both = await look();
    expect([both.verdict, ids(both)]).toEqual(["both", ["both_enabled", "old_timer"]]);
    await here.type(both.findings[0]?.remedy ?? "");
    expect((await look()).verdict).toBe("timer");
  });

  // A program of that name that prints lines: no cron daemon is needed to know what a table says.
  test("a cron line: beside the timer it is a second owner, alone it is nobody's to move; its secrets are not shown", async () => {
    const line = "*/15 * * * * DATABASE_URL=postgres://a:hidden@h/d /opt/scripts/consistency_check.ts --remote --all";
    here.program("crontab", `echo '# ours'; echo '${line}'`);
    const alone = await look();
    expect([alone.verdict, alone.exitCode, ids(alone)]).toEqual(["foreign", 1, ["cron_line"]]);
    expect(alone.findings[0]).toMatchObject({ severity: "error", remedy: "crontab -e" });
    expect(owner(alone, "cron")?.detail).toStartWith("line 2: */15");
    expect(JSON.stringify(alone)).not.toContain("hidden");
    await linked();
    expect((await look()).verdict).toBe("both");
    here.program("crontab", "echo 'no crontab for me' >&2; exit 1");
    expect((await look()).verdict).toBe("timer");
    here.program("crontab", "echo 'you are not allowed' >&2; exit 1");
    const denied = await look();
    expect([denied.verdict, denied.exitCode, ids(denied)]).toEqual(["unknown", 2, ["cron_unknown"]]);
  });

  test("a CronJob that was edited: every field, and after the move the manifests that do not suspend it", async () => {
    await linked();
    here.api.apply(cronJobManifest({ schedule: "0 * * * *", startingDeadlineSeconds: 600 }));
    const status = await look();
    expect([status.verdict, status.exitCode]).toEqual(["timer", 1]);
    expect(status.findings).toMatchObject([
      { id: "cronjob_edited", severity: "error", remedy: "kubectl --context=test apply -k k8s/apps" },
    ]);
    expect(status.findings[0]?.says).toContain(
      "schedule: 0 * * * *, wanted */15 * * * *; startingDeadlineSeconds: 600",
    );
    await here.systemctl("disable", "--now", `${NAME}.timer`);
    here.api.apply(cronJobManifest({ suspend: false, timeZone: "Europe/Berlin" }));
    expect((await look()).findings[0]?.remedy).toBe("kubectl --context=test apply -k k8s/apps-after-switch");
  });

  test("a CronJob that is not there, or suspended, though it owns the schedule by the journal", async () => {
    const owns = { owner: "cronjob", since: "2026-11-21T00:00:00Z" } as const;
    const suspended = await look(owns);
    expect([suspended.verdict, suspended.exitCode, ids(suspended)]).toEqual(["none", 1, ["cronjob_suspended"]]);
    expect(suspended.findings[0]?.remedy).toEndWith("k8s/apps-after-switch");
    here.api.store.remove("cronjobs", "state-hub", NAME);
    expect((await look(owns)).findings).toMatchObject([{ id: "cronjob_missing", severity: "error" }]);
    await linked();
    const never = await look();
    expect([never.verdict, never.exitCode]).toEqual(["timer", 0]);
    expect(never.findings).toMatchObject([{ id: "cronjob_missing", severity: "degraded" }]);
    expect(ids(await look({ ...owns, owner: "cronjob" }))).toEqual(["cronjob_missing", "journal_disagrees"]);
  });

  test("a cluster that refuses, is away or hangs: unknown, and never taken for suspended", async () => {
    await linked();
    here.api.fail({ resource: "cronjobs", answer: 403 });
    const forbidden = await look();
    expect([forbidden.verdict, forbidden.exitCode, ids(forbidden)]).toEqual(["unknown", 2, ["cronjob_unknown"]]);
    expect(forbidden.findings[0]?.remedy).toBe("kubectl --context=test --namespace=state-hub auth can-i --list");
    here.api.fail({ answer: "hang" });
    const hanging = await look();
    expect([hanging.verdict, hanging.findings[0]?.severity]).toEqual(["unknown", "unknown"]);
    here.api.fail(null);
    await here.api.away();
    try {
      const away = await look();
      expect([away.verdict, away.exitCode]).toEqual(["unknown", 2]);
      expect(owner(away, "cronjob")).toMatchObject({ enabled: null, active: null });
      expect(away.findings[0]?.remedy).toBe("kubectl --context=test --namespace=state-hub cluster-info");
    } finally {
      here.api.back();
    }
  });

  test("a user manager that cannot be asked: both timers are unknown, with how to reach it", async () => {
    const { XDG_RUNTIME_DIR: _, DBUS_SESSION_BUS_ADDRESS: __, ...env } = here.world.units.env;
    unsuspended();
    const status = await lookAtSchedule({ ...here.world, units: { ...here.world.units, env } });
    expect([status.verdict, status.exitCode]).toEqual(["unknown", 2]);
    expect(status.findings).toMatchObject([{ id: "timer_unknown" }, { id: "old_timer_unknown" }]);
    expect(status.findings[0]?.remedy).toBe('export XDG_RUNTIME_DIR="/run/user/$(id -u)"');
  });

  // Programs of those names: here is no logind, and no second kubectl.
  test("an account that does not linger, and an old kubectl: degraded, named once", async () => {
    await linked();
    here.program("loginctl", "echo no");
    const { findings, exitCode } = await look();
    expect([findings.map(({ id, remedy }) => [id, remedy]), exitCode]).toEqual([
      [["linger_off", "loginctl enable-linger"]],
      0,
    ]);
    here.program("loginctl", "echo yes");
    const kubectl = Bun.which("kubectl");
    const version = '{"clientVersion":{"major":"1","minor":"26","gitVersion":"v1.26.0"}}';
    here.program("kubectl", `case "$1" in version) echo '${version}';; *) exec ${kubectl} "$@";; esac`);
    const old = await look();
    expect([old.verdict, old.exitCode, ids(old)]).toEqual(["timer", 0, ["kubectl_old"]]);
  });
});
