// The runbook of the schedule's move from its first command to its last, dangers too, by runbook.ts run, with every wait that a move
// has: a timer that fires, a cluster that starts Jobs, the real script in both, and a slot every minute so that it is over the same day.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { isCommand } from "../../lib/runbook/read_runbook.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { pageNamed } from "../support/runbook_reader.ts";
import { makeScheduleRunbookWorld, type ScheduleRunbookWorld } from "../support/schedule_runbook.ts";
import {
  awayFromSlot,
  fillHours,
  installCleanup,
  SOURCES,
  slotsOfBoth,
  slotsSwept,
} from "../support/schedule_runbook_story.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

/** The copy's: its budget and its starting deadline are shorter than the minute between two slots. */
const CHANGES = { cron: "* * * * *", maxSeconds: 40, startingDeadlineSeconds: 20 };
const PERIOD_S = 60;
const HOURS = 1;
/** A slot, a run in it, and a moment to unsuspend. */
const MOVE_MS = 6 * 60_000;
const WATCHDOG_MS = 20 * 60_000;
const page = pageNamed("cutover_schedule");
const textOf = (name: string) => page.blocks.find((block) => block.name === name)?.text ?? "";

describeWithKubectl("the runbook of the schedule's move, with a slot every minute", () => {
  let world: ScheduleRunbookWorld;
  const done = new Set<string>();
  /** From and until, in milliseconds. */
  const sideBySide: [number, number][] = [];
  beforeAll(async () => {
    world = await makeScheduleRunbookWorld({ hours: HOURS, changes: CHANGES, podStartMs: 5_000, runMs: MOVE_MS });
  }, WATCHDOG_MS);
  afterAll(() => world?.remove(), WATCHDOG_MS);

  const follow = async (...names: readonly string[]) => {
    for (const name of names) done.add(name);
    await world.reader.runs(page, names);
  };
  const manifests = async (name: string, folder: "apps" | "apps-after-switch") => {
    await world.applyManifests(folder);
    done.add(name);
  };
  const step = (name: string, work: () => Promise<void>) => test(name, work, WATCHDOG_MS);

  step("starts the timer, and proves the CronJob by a canary", async () => {
    await follow("look-status", "sync-dry-run", "sync", "link-units", "enable-timer", "look-timer");
    await manifests("apply-manifests", "apps");
    await follow("look-cronjobs", "look-definitions", "canary-plan");
    await awayFromSlot(PERIOD_S);
    await follow("canary-apply");
  });

  step("compares too early and is refused, and ends a side-by-side run", async () => {
    sideBySide.push([Date.now(), Number.POSITIVE_INFINITY]);
    await follow("parallel-plan", "parallel-apply", "look-parallel", "compare-early", "switch-early");
    await bothSweep(2);
    await follow("end-parallel-plan");
    endsNow();
    await follow("end-parallel-apply");
  });

  step("compares again and switches", async () => {
    await besideEachOther();
    await follow("switch-plan");
    endsNow();
    await follow("switch-apply");
    const said = world.reader.printed("switch-apply", "stderr");
    expect({ said, missing: unexpected(textOf("what-a-switch-says"), said) }).toEqual({ said, missing: null });
    await manifests("apply-after-switch", "apps-after-switch");
    await follow("prove-status", "prove-no-timer", "prove-cronjob", "prove-hub");
  });

  step("moves the cleanup by hand", async () => {
    await installCleanup(world);
    await follow("cleanup-disable", "cleanup-unsuspend", "look-cleanup");
  });

  step("goes back, and could without the cluster", async () => {
    await world.api.away();
    await follow("gone-plan");
    world.api.back();
    await follow("rollback-plan", "rollback-apply", "look-rolled-back");
    await manifests("apply-manifests", "apps");
  });

  step("switches again, killed on the way and gone on with by the same command", async () => {
    await besideEachOther();
    await follow("switch-plan");
    endsNow();
    await killedOnTheWay();
    await follow("switch-apply");
    await manifests("apply-after-switch", "apps-after-switch");
    await follow("prove-status", "prove-no-timer", "prove-cronjob");
  });

  step(
    "leaves no slot that both have run but by intention, none made up for, and no command that was not tried",
    async () => {
      const slots = await slotsOfBoth(world);
      const meant = (at: number) => sideBySide.some(([from, until]) => at >= from && at <= until);
      expect(slots.length).toBeGreaterThan(2);
      expect(slots.filter((slot) => !meant(slot.getTime()))).toEqual([]);
      expect(world.controller.started.filter(({ makeUp }) => makeUp)).toEqual([]);
      const names = page.blocks.filter(isCommand).map(({ name }) => name);
      expect(names.filter((name) => !done.has(name))).toEqual([]);
    },
  );

  /** One of the two is switched off within seconds from now. */
  function endsNow(): void {
    sideBySide.at(-1)?.splice(1, 1, Date.now() + 5_000);
  }

  /** A side-by-side run that was long enough, its first hours copied from its last slots. */
  async function besideEachOther(): Promise<void> {
    sideBySide.push([Date.now(), Number.POSITIVE_INFINITY]);
    await follow("parallel-plan", "parallel-apply");
    await bothSweep(1);
    await fillHours(world, HOURS, PERIOD_S);
    await follow("compare");
  }

  /** So many more slots of each. */
  async function bothSweep(more: number): Promise<void> {
    const before = await Promise.all(SOURCES.map((source) => slotsSwept(world, source)));
    await waitUntil({ forWhat: `${more} slots of both`, deadlineMs: MOVE_MS, intervalMs: 500 }, async () => {
      const now = await Promise.all(SOURCES.map((source) => slotsSwept(world, source)));
      const found = now.every((count, at) => count >= (before[at] ?? 0) + more);
      return found ? { found: true } : { seen: now.join(" and ") };
    });
  }

  /** The switch, killed when nobody owns the schedule: its status names the way on. */
  async function killedOnTheWay(): Promise<void> {
    const plan = /--apply (\S+)\n/.exec(world.reader.printed("switch-plan"))?.[1] ?? "";
    const argv = ["bash", "-c", `exec scripts/cutover.ts schedule switch --apply "${plan}"`];
    const child = Bun.spawn(argv, { cwd: world.toolkit, env: world.env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    for await (const chunk of child.stderr) {
      said += new TextDecoder().decode(chunk);
      if (said.includes("remove_units: done")) child.kill("SIGKILL");
    }
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    const { exitCode, stdout } = await world.paste("scripts/cutover.ts schedule status");
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringContaining("half done: the switch, since"),
    });
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(`Next: scripts/cutover.ts schedule switch --apply ${plan}`);
  }
});
