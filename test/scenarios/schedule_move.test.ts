// The whole way, as an operator goes it: the timer fires, a canary, both run side by side, a comparison that comes too early, one
// that is ready, the switch, the way back, and the switch again. The schedule is one of seconds; all else is real.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordSweep, SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { compareInDatabase } from "../../lib/compare/compare_in_database.ts";
import { judgeComparison } from "../../lib/cutover/schedule/judgements.ts";
import { FLEET_LOCK, type Judges, MOVE_LOCK, type Move } from "../../lib/cutover/schedule/move.ts";
import { journalPath } from "../../lib/cutover/schedule/move_files.ts";
import { ownedBy } from "../../lib/cutover/schedule/move_journal.ts";
import { lookAtSchedule } from "../../lib/cutover/schedule/status.ts";
import { unsuspendCronJob } from "../../lib/cutover/schedule/steps/unsuspend_cronjob.ts";
import { readJournal } from "../../lib/plan/journal.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { holds } from "../support/schedule_kills.ts";
import { applied, inMove, moved, moverProcess, planned, sceneFileOf } from "../support/schedule_moves.ts";
import { CRON, NAME, PERIOD_S, type ScheduleScene, scheduleScene } from "../support/schedule_scene.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const WATCHDOG_MS = 60_000;
const SLOTS = 15;
const HOURS = (SLOTS * PERIOD_S) / 3_600;

describeWithKubectl("a move of the schedule", () => {
  let scene: ScheduleScene;
  let both = { from: 0, until: 0 };
  beforeAll(async () => {
    scene = await scheduleScene();
  }, WATCHDOG_MS);
  afterAll(() => scene.stop(), WATCHDOG_MS);

  const judges: Partial<Judges> = {
    compare: async () => {
      const terms = { hours: HOURS, baseline: "local-timer", candidate: "k8s-cronjob" };
      const asked = { ...terms, definitionId: SWEEP_DEFINITION_ID, schedule: CRON, settledAfterSeconds: PERIOD_S };
      return judgeComparison(await compareInDatabase(scene.hub.database.sql, asked));
    },
  };
  const verdict = async () => (await lookAtSchedule(scene.world)).verdict;
  const units = () =>
    ["timer", "service"].map((kind) => existsSync(join(scene.world.installedFolder, `${NAME}.${kind}`)));
  const notPassed = (gates: Awaited<ReturnType<typeof planned>>["gates"]) =>
    gates.filter((gate) => gate.verdict !== "pass").map(({ id, verdict: said }) => `${id} ${said}`);

  test(
    "begins with a canary, which proves the template by the hub's own row and leaves the timer alone",
    async () => {
      expect(notPassed((await planned(scene, "parallel")).gates)).toEqual(["one_owner refuse", "canary_passed refuse"]);
      const came = await moved(scene, "canary");
      expect(came).toMatchObject({ came: "done", evidence: { prove_canary: { outcome: "passed", job: "complete" } } });
      await scene.installTimer();
      expect([await verdict(), scene.api.cronJob(NAME).spec.suspend]).toEqual(["timer", true]);
    },
    WATCHDOG_MS,
  );

  test(
    "lets both run side by side, and a comparison that comes too early holds the switch up",
    async () => {
      const from = Date.now() - 1_000 * PERIOD_S;
      expect(await moved(scene, "parallel")).toMatchObject({ came: "done" });
      both = { from, until: Number.POSITIVE_INFINITY };
      expect(await verdict()).toBe("parallel");
      const { gates } = await planned(scene, "switch", {}, { judges });
      expect(notPassed(gates)).toEqual(["comparison_ready unknown"]);
      expect(gates.find(({ id }) => id === "comparison_ready")?.says).toStartWith("not enough evidence: ");
    },
    WATCHDOG_MS,
  );

  test(
    "switches when the comparison is ready: the timer archived, the CronJob unsuspended, its first run proven",
    async () => {
      await playEvidence(scene);
      const { gates, file, plan } = await planned(scene, "switch", {}, { judges });
      expect(notPassed(gates)).toEqual([]);
      const { applied: came, points } = await moverProcess(scene, file);
      both.until = Date.now();
      expect(came).toMatchObject({ came: "done", evidence: { prove_first_run: { source: "k8s-cronjob" } } });
      expect(points.filter((point) => point.endsWith(":begun"))).toContain("unsuspend_cronjob:begun");
      expect([await verdict(), units()]).toEqual(["cronjob", [false, false]]);
      expect(readdirSync(plan.terms.archive as string).sort()).toEqual([
        "archive.json",
        `${NAME}.service`,
        `${NAME}.timer`,
      ]);
      expect(ownedBy(readJournal(journalPath(scene.home)))?.owner).toBe("cronjob");
      expect(await applied(scene, file)).toEqual({ came: "over", outcome: "done" });
      await holds(scene, "switch", "cronjob", [both]);
    },
    WATCHDOG_MS,
  );

  test(
    "goes back: the CronJob suspended, the timer linked as it was, its first run proven, and no slot run twice",
    async () => {
      expect(await moved(scene, "rollback")).toMatchObject({
        came: "done",
        evidence: { prove_first_run: { source: "local-timer" } },
      });
      expect([await verdict(), units()]).toEqual(["timer", [true, true]]);
      expect(lstatSync(join(scene.world.installedFolder, `${NAME}.timer`)).isSymbolicLink()).toBe(true);
      await holds(scene, "rollback", "timer", [both]);
    },
    WATCHDOG_MS,
  );

  test(
    "refuses a plan when the world moved since, and says which fact was what",
    async () => {
      const { file } = await planned(scene, "switch");
      // A service may have a drop-in: no gate minds it, and it is not what was read.
      const folder = join(scene.world.installedFolder, `${NAME}.service.d`);
      mkdirSync(folder);
      writeFileSync(join(folder, "mine.conf"), "[Service]\nNice=5\n");
      await scene.manager.systemctl("daemon-reload");
      const came = await applied(scene, file);
      rmSync(folder, { recursive: true });
      await scene.manager.systemctl("daemon-reload");
      if (came.came !== "refused") throw new Error(came.came);
      expect([notPassed(came.gates), came.moved.map(({ fact }) => fact)]).toEqual([[], ["installed units"]]);
    },
    WATCHDOG_MS,
  );

  test(
    "unsuspends the CronJob at no moment at which its controller would make up for a slot",
    async () => {
      const said: string[] = [];
      const step = (move: Move) =>
        unsuspendCronJob({ ...move, progress: (message) => void said.push(message) }, { parallel: false });
      const before = scene.controller.started.length;
      // Right after a slot: unsuspended now, it would start at once.
      await waitUntil({ forWhat: "the beginning of a slot", deadlineMs: 10_000, intervalMs: 5 }, () => {
        const into = Date.now() % (1_000 * PERIOD_S);
        return into < 300 ? { found: true } : { seen: `${into} ms` };
      });
      await inMove(await sceneFileOf(scene), (move) => step(move).act());
      const unsuspended = Date.now();
      expect([said[0]?.startsWith("waits until "), scene.api.cronJob(NAME).spec.suspend]).toEqual([true, false]);
      scene.api.apply(scene.world.cronJobManifest);
      const started = scene.controller.started.slice(before).filter(({ at }) => at.getTime() <= unsuspended);
      expect(started).toEqual([]);
    },
    WATCHDOG_MS,
  );

  test(
    "has one mover at a time, and one that was asked to stop while it waits changes nothing and is gone on with",
    async () => {
      const { file } = await planned(scene, "switch");
      const locks = await scene.hub.database.sessionLocks({ source: "manual", host: "elsewhere", pid: 7 });
      try {
        expect(await locks.tryLock(MOVE_LOCK)).toBe(true);
        const came = await applied(scene, file);
        if (came.came !== "refused") throw new Error(came.came);
        expect(came.gates.find(({ id }) => id === "nobody_else_moving")?.says).toStartWith("pid 7 on elsewhere");
        await locks.unlock(MOVE_LOCK);
        while (!(await locks.tryLock(FLEET_LOCK))) await Bun.sleep(10);
        const stop = new AbortController();
        const progress = (message: string) => {
          if (message.startsWith("waits for a sweep of manual on elsewhere")) stop.abort(new Error("asked to stop"));
        };
        expect(applied(scene, file, { signal: stop.signal, progress })).rejects.toThrow("asked to stop");
        await Bun.sleep(0);
      } finally {
        await locks.close();
      }
    },
    WATCHDOG_MS,
  );

  test(
    "switches again, after what was half done was brought back",
    async () => {
      expect(notPassed((await planned(scene, "switch")).gates)).toContain("nobody_else_moving refuse");
      expect(await moved(scene, "rollback")).toMatchObject({ came: "done" });
      await playEvidence(scene);
      expect(await moved(scene, "switch", { judges })).toMatchObject({ came: "done" });
      await holds(scene, "switch again", "cronjob", [both]);
    },
    WATCHDOG_MS,
  );
});

/** Both schedules as they would have run for as long as the comparison looks back: nobody waits for that here. */
async function playEvidence({ hub }: ScheduleScene): Promise<void> {
  const { report: made } = await hub.check({ all: true });
  const clean = { ...made, mode: "remote-all" as const, automation_error: null, exit_code: 0 as const };
  const newest = Math.floor(Date.now() / (1_000 * PERIOD_S));
  for (const source of ["local-timer", "k8s-cronjob"] as const) {
    for (let back = 0; back <= SLOTS + 1; back++) {
      const slot = (newest - back) * 1_000 * PERIOD_S;
      const [started_at, finished_at] = [slot + 20, slot + 120].map((at) => new Date(at).toISOString());
      const times = { started_at: started_at ?? "", finished_at: finished_at ?? "", duration_ms: 100 };
      const report = { ...clean, ...times, run_id: Bun.randomUUIDv7(), source };
      await hub.database.transaction((tx) => recordSweep(tx, { report, at: times.finished_at }));
    }
  }
}
