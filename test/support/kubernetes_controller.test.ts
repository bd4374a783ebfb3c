// The tests' own cluster, where it has to be as a real one is: what it starts, what it leaves out, and that a change of
// something old is refused.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cronGrid } from "../../lib/schedule/cron_grid.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type PlayedController, playControllers } from "./kubernetes_controller.ts";
import { cronJobManifest } from "./kubernetes_cron_job.ts";
import { type CronFacts, decideCronJob } from "./kubernetes_cron_rule.ts";
import { applyJsonPatch, applyMergePatch } from "./kubernetes_patch.ts";
import { type KubernetesStore, kubernetesStore } from "./kubernetes_store.ts";

const at = (time: string) => new Date(`2026-11-21T${time}Z`);

describe("decideCronJob()", () => {
  const quarter = cronGrid("*/15 * * * *");
  const facts: CronFacts = {
    suspended: false,
    createdAt: at("00:00:00"),
    lastScheduleTime: null,
    startingDeadlineSeconds: 120,
    forbid: true,
    active: 0,
  };
  const start = (time: string, o: Partial<CronFacts> = {}) =>
    decideCronJob({ ...facts, ...o }, quarter, at(time))
      .start?.toISOString()
      .slice(11, 19) ?? null;

  test("makes up for a slot that was missed, while it is younger than the starting deadline", () => {
    expect(start("10:15:00")).toBe("10:15:00");
    expect(start("10:16:59")).toBe("10:15:00");
    expect(start("10:17:00")).toBeNull();
    expect(start("10:29:59")).toBeNull();
    expect(start("10:29:59", { startingDeadlineSeconds: null })).toBe("10:15:00");
  });

  test("starts nothing while it is suspended, for a slot before its creation, or for one that it started already", () => {
    expect(start("10:15:30", { suspended: true })).toBeNull();
    expect(start("10:15:30", { createdAt: at("10:15:10") })).toBeNull();
    expect(start("10:15:30", { lastScheduleTime: at("10:15:00") })).toBeNull();
    expect(start("10:15:30", { lastScheduleTime: at("10:00:00") })).toBe("10:15:00");
  });

  test("starts none beside one that runs, if it forbids that; and looks again just after the next slot", () => {
    expect(start("10:15:30", { active: 1 })).toBeNull();
    expect(start("10:15:30", { active: 1, forbid: false })).toBe("10:15:00");
    expect(decideCronJob(facts, quarter, at("10:15:30")).lookAgain).toEqual(at("10:30:00.100"));
    expect(decideCronJob({ ...facts, suspended: true }, quarter, at("10:15:30")).lookAgain).toBeNull();
  });
});

describe("playControllers()", () => {
  const grid = cronGrid("* * * * * *");
  let store: KubernetesStore;
  let played: PlayedController | undefined;
  beforeEach(() => {
    store = kubernetesStore();
  });
  afterEach(() => played?.stop());

  const cronJob = (spec = {}) => store.create("cronjobs", "state-hub", cronJobManifest(spec));
  const name = cronJobManifest().metadata.name;
  const change = (spec: object) => {
    const before = store.get("cronjobs", "state-hub", name);
    store.replace("cronjobs", "state-hub", name, { ...before, spec: { ...before.spec, ...spec } });
  };
  const until = (forWhat: string, seen: () => boolean) =>
    waitUntil({ forWhat, deadlineMs: 20_000 }, () =>
      seen() ? { found: true } : { seen: JSON.stringify(played?.started) },
    );
  const statusOf = (job: string | undefined) => store.find("jobs", "state-hub", job ?? "")?.status;

  test("starts one Job for each slot, tells how it ended, and none while one runs or it is suspended", async () => {
    cronJob({ suspend: false });
    const codes = [0, 1];
    const third = Promise.withResolvers<number>();
    played = playControllers(store, { gridOf: () => grid, runJob: async () => codes.shift() ?? third.promise });
    const { started } = played;
    await until("three Jobs", () => started.length === 3);
    expect(started.map(({ makeUp }) => makeUp)).toEqual([false, false, false]);
    for (const { slot, at } of started)
      expect([slot, slot !== null && at >= slot]).toEqual([grid.slotAt(slot as Date), true]);
    expect(new Set(started.map(({ slot }) => slot?.getTime())).size).toBe(3);
    expect(statusOf(started[0]?.job).conditions[0]).toMatchObject({ type: "Complete", status: "True" });
    expect(statusOf(started[1]?.job).conditions[0]).toMatchObject({ type: "Failed", reason: "BackoffLimitExceeded" });
    await until("a slot that is left out", () => played?.decided.at(-1)?.endsWith("a Job runs") === true);
    expect(store.get("cronjobs", "state-hub", name).status.active).toHaveLength(1);
    change({ suspend: true });
    third.resolve(0);
    await until("the third to end", () => statusOf(started[2]?.job).succeeded === 1);
    expect(store.get("cronjobs", "state-hub", name).status.active).toEqual([]);
    await until("its rest", () => played?.decided.at(-1)?.endsWith("suspended") === true);
    expect(started).toHaveLength(3);
  });

  test("starts a surprise run when it is unsuspended too near after a slot, and says so", async () => {
    const created = new Date(Date.now() - 120_000);
    store = kubernetesStore(() => created);
    cronJob();
    played = playControllers(store, { gridOf: () => cronGrid("* * * * *"), runJob: async () => 0 });
    change({ suspend: false, startingDeadlineSeconds: 100 });
    await until("the surprise", () => played?.started.length === 1);
    expect(played.started[0]?.makeUp).toBe(true);
  });

  test("ends a Job at its deadline, and one that somebody created is no schedule's", async () => {
    const { jobTemplate } = cronJobManifest().spec;
    played = playControllers(store, {
      runJob: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error()))),
    });
    store.create("jobs", "state-hub", {
      metadata: { name: "mine" },
      spec: { ...jobTemplate.spec, activeDeadlineSeconds: 0.1 },
    });
    await until("its end", () => statusOf("mine")?.failed === 1);
    expect(statusOf("mine").conditions[0].reason).toBe("DeadlineExceeded");
    expect(played.started).toMatchObject([{ job: "mine", slot: null, makeUp: false }]);
  });
});

describe("a change of an object", () => {
  test("applyJsonPatch() does all or nothing, and removes, adds and replaces by path", () => {
    const before = { a: { "x/y": 1 }, b: [1] };
    const patch = [
      { op: "test", path: "/a/x~1y", value: 1 },
      { op: "replace", path: "/a/x~1y", value: 2 },
      { op: "add", path: "/c", value: {} },
      { op: "remove", path: "/b" },
    ];
    expect(applyJsonPatch(before, patch)).toEqual({ a: { "x/y": 2 }, c: {} });
    expect(() => applyJsonPatch(before, [...patch, { op: "test", path: "/c", value: 1 }])).toThrow();
    expect(() => applyJsonPatch(before, [{ op: "replace", path: "/none", value: 1 }])).toThrow();
    expect(before).toEqual({ a: { "x/y": 1 }, b: [1] });
  });

  test("applyMergePatch() takes away what is null, and goes into what is named", () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 }, d: 1 }, { a: { b: null }, e: [1] })).toEqual({
      a: { c: 2 },
      d: 1,
      e: [1],
    });
  });

  test("replace() refuses one made of an older version, and counts versions only where something changed", () => {
    const store = kubernetesStore();
    const first = store.create("cronjobs", "state-hub", cronJobManifest());
    const same = store.replace("cronjobs", "state-hub", first.metadata.name, first);
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    store.replace("cronjobs", "state-hub", first.metadata.name, { ...first, spec: { ...first.spec, suspend: false } });
    expect(() => store.replace("cronjobs", "state-hub", first.metadata.name, first)).toThrow("has been modified");
  });
});
