// The door to a cluster, through kubectl itself: what it is told, what it answers, and what a person reads when it fails.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { OpsFailure } from "../../../lib/failure.ts";
import { cronJobFrom, cronJobState, kubectl, runKubectl } from "../../../lib/kubernetes/cluster.ts";
import { type KubernetesApi, startKubernetesApi } from "../../support/kubernetes_api.ts";
import { cronJobManifest } from "../../support/kubernetes_cron_job.ts";
import { describeWithKubectl } from "../../support/with_kubectl.ts";

const NAME = "state-hub-consistency-sweep";
const cluster = { context: "prod", namespace: "state-hub" };

describe("kubectl", () => {
  test("names context, namespace and a deadline in every command that asks the cluster", () => {
    const before = ["kubectl", "--context=prod", "--namespace=state-hub", "--request-timeout=10s"];
    const change = { name: NAME, suspend: false, resourceVersion: "7" };
    for (const argv of [
      kubectl.getCronJob(cluster, NAME),
      kubectl.setSuspend(cluster, change),
      kubectl.createJob(cluster),
      kubectl.getJob(cluster, "a"),
      kubectl.listJobs(cluster),
      kubectl.deleteJob(cluster, "a"),
    ])
      expect(argv.slice(0, 4)).toEqual(before);
    expect(kubectl.getCronJob({ ...cluster, context: null }, NAME)[1]).toBe("--namespace=state-hub");
  });

  test("changes a CronJob only as it was looked at, and annotations only where they are given", () => {
    const patch = (change: Parameters<typeof kubectl.setSuspend>[1]) =>
      JSON.parse(kubectl.setSuspend(cluster, change)[8]?.replace("--patch=", "") ?? "");
    expect(kubectl.setSuspend(cluster, { name: NAME, suspend: false, resourceVersion: "7" }).slice(4, 7)).toEqual([
      "patch",
      "cronjobs.batch",
      NAME,
    ]);
    const tests = [
      { op: "test", path: "/metadata/resourceVersion", value: "7" },
      { op: "test", path: "/spec/suspend", value: true },
      { op: "replace", path: "/spec/suspend", value: false },
    ];
    expect(patch({ name: NAME, suspend: false, resourceVersion: "7" })).toEqual(tests);
    expect(patch({ name: NAME, suspend: false, resourceVersion: "7", annotations: { a: "b" } })).toEqual([
      ...tests,
      { op: "add", path: "/metadata/annotations", value: { a: "b" } },
    ]);
  });
});

describeWithKubectl("a cluster asked by kubectl", () => {
  let api: KubernetesApi;
  beforeAll(async () => {
    api = await startKubernetesApi();
  });
  afterAll(() => api.stop());
  beforeEach(() => {
    api.fail(null);
    api.apply(cronJobManifest());
  });

  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => expect.unreachable("it did not fail"),
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(OpsFailure);
    return error as OpsFailure;
  };
  const look = (o = {}) => cronJobState(api.door(o), NAME);

  test("cronJobState() tells what the cluster has, and null only where the cluster says that it has none", async () => {
    const state = await look();
    expect(state).toMatchObject({ name: NAME, suspended: true, lastScheduleTime: null, active: 0 });
    expect(state?.spec).toMatchObject({ schedule: "*/15 * * * *", successfulJobsHistoryLimit: 3 });
    expect(state?.annotations).toEqual({ "state-hub.io/definition": "a.b" });
    expect(await cronJobState(api.door(), "no-such-one")).toBeNull();
    expect((await failure(look({ namespace: "elsewhere" }))).observed).toContain('namespaces "elsewhere" not found');
    expect(statSync(api.kubeconfig).mode & 0o777).toBe(0o600);
  });

  test("setSuspend() changes it once, and refuses a CronJob that somebody changed meanwhile", async () => {
    const seen = await look();
    if (seen === null) throw new Error("the CronJob is there");
    const change = { name: NAME, suspend: false, resourceVersion: seen.resourceVersion };
    const annotations = { ...seen.annotations, "state-hub.io/parallel-since": "2026-11-21T00:00:00Z" };
    const done = cronJobFrom(await runKubectl(api.door(), kubectl.setSuspend(api.door(), { ...change, annotations })));
    expect(done).toMatchObject({ suspended: false, annotations });
    api.apply(cronJobManifest({ schedule: "0 * * * *" }));
    const late = kubectl.setSuspend(api.door(), { ...change, resourceVersion: done.resourceVersion });
    expect(await failure(runKubectl(api.door(), late))).toMatchObject({
      expected: "a CronJob that nobody changed since it was looked at",
      hint: "kubectl --context=test --namespace=state-hub get cronjobs.batch",
    });
    expect(api.cronJob(NAME).spec).toMatchObject({ schedule: "0 * * * *", suspend: true });
  });

  test("setSuspend() refuses a CronJob that is suspended, or not, already", async () => {
    const { resourceVersion } = api.cronJob(NAME).metadata;
    const change = { name: NAME, suspend: true, resourceVersion };
    await failure(runKubectl(api.door(), kubectl.setSuspend(api.door(), change)));
    expect(api.cronJob(NAME).metadata.resourceVersion).toBe(resourceVersion);
  });

  const refusals = [
    { answer: 401, observed: /logged in/, expected: /credentials/, hint: /auth whoami$/ },
    { answer: 403, observed: /cannot get resource "cronjobs"/, expected: /right/, hint: /auth can-i --list$/ },
    { answer: 409, observed: /has been modified/, expected: /nobody changed/, hint: /get cronjobs/ },
    { answer: 500, observed: /prevented the request/, expected: /^$/, hint: /get cronjobs/ },
    { answer: 503, observed: /unable to handle/, expected: /API server to answer/, hint: /cluster-info$/ },
  ] as const;
  for (const { answer, observed, expected, hint } of refusals) {
    test(`cronJobState() is a failure, not an absence, when the cluster answers ${answer}`, async () => {
      api.fail({ resource: "cronjobs", answer });
      const said = await failure(look());
      expect(said.message).toBe(`Could not get cronjobs.batch ${NAME} by kubectl`);
      expect(said.observed).toMatch(observed);
      expect(said.expected ?? "").toMatch(expected);
      expect(said.where).toBe("context test, namespace state-hub");
      expect(said.hint).toMatch(hint);
    });
  }

  test("cronJobState() gives up on a cluster that does not answer, in the time it was given", async () => {
    api.fail({ answer: "hang" });
    const since = performance.now();
    const said = await failure(look({ requestSeconds: 1 }));
    expect(said.expected).toBe("an answer in time from the cluster's API server");
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  test("cronJobState() tells a cluster that is away from a context that is none and a kubectl that is missing", async () => {
    await api.away();
    try {
      const away = await failure(look());
      expect(away.expected).toBe("the cluster's API server to answer");
      expect(away.hint).toBe("kubectl --context=test --namespace=state-hub cluster-info");
    } finally {
      api.back();
    }
    expect((await failure(look({ context: "no such" }))).hint).toBe("kubectl config get-contexts");
    const nothing = { ...api.env, KUBECONFIG: "/nonexistent" };
    expect((await failure(look({ context: null, env: nothing }))).hint).toBe("kubectl config get-contexts");
    expect(await failure(look({ env: { ...api.env, PATH: "/nonexistent" } }))).toMatchObject({
      observed: "no kubectl on the PATH",
      expected: "kubectl 1.27 or newer",
    });
  });

  test("runKubectl() ends with the reason of a signal that was given", async () => {
    const abort = new AbortController();
    const work = look({ signal: abort.signal });
    abort.abort(new Error("asked to stop"));
    await expect(work).rejects.toThrow("asked to stop");
  });
});
