// Jobs by hand: the same pod as by schedule, other arguments, and known as nobody's schedule.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cronJobFrom, kubectl, runKubectl } from "../../../lib/kubernetes/cluster.ts";
import { argsOf, createJob, jobFrom, jobState, jobsOfCronJob } from "../../../lib/kubernetes/job.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type KubernetesApi, startKubernetesApi } from "../../support/kubernetes_api.ts";
import { cronJobManifest } from "../../support/kubernetes_cron_job.ts";
import { describeWithKubectl } from "../../support/with_kubectl.ts";

const stateOf = (manifest: object) =>
  cronJobFrom(
    JSON.stringify({ ...manifest, metadata: { ...cronJobManifest().metadata, uid: "u-1", resourceVersion: "1" } }),
  );

describe("jobFrom()", () => {
  const cronJob = stateOf(cronJobManifest());

  test("is the CronJob's own template with other arguments, marked as made by hand", () => {
    const job = jobFrom(cronJob, { name: "canary-1", args: ["scripts/x.ts", "--source", "manual"] });
    expect(job).toMatchObject({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: "canary-1",
        annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
        ownerReferences: [{ kind: "CronJob", name: cronJob.name, uid: "u-1" }],
      },
    });
    const template = cronJobManifest().spec.jobTemplate.spec;
    const [container] = template.template.spec.containers;
    const pod = {
      ...template.template.spec,
      containers: [{ ...container, args: ["scripts/x.ts", "--source", "manual"] }],
    };
    expect(job.spec).toEqual({ ...template, template: { ...template.template, spec: pod } });
    expect(argsOf(cronJob)[0]).toBe("scripts/consistency_check.ts");
  });

  test("refuses a template with no container, or with two: whose arguments would they be", () => {
    const of = (containers: unknown[]) =>
      stateOf({ spec: { jobTemplate: { spec: { template: { spec: { containers } } } } } });
    for (const wrong of [of([]), of([{ name: "a" }, { name: "b" }]), stateOf({ spec: {} })])
      expect(() => jobFrom(wrong, { name: "a", args: [] })).toThrow("Could not take a Job");
  });
});

describeWithKubectl("Jobs by kubectl", () => {
  let api: KubernetesApi;
  beforeAll(async () => {
    api = await startKubernetesApi();
  });
  afterAll(() => api.stop());

  test("createJob(), jobState() and jobsOfCronJob() follow one from its creation to its end", async () => {
    const door = api.door();
    api.apply(cronJobManifest());
    const release = Promise.withResolvers<number>();
    api.play({ runJob: () => release.promise });
    const cronJob = cronJobFrom(await runKubectl(door, kubectl.getCronJob(door, cronJobManifest().metadata.name)));
    const made = await createJob(door, jobFrom(cronJob, { name: "canary-1", args: ["a"] }));
    expect(made).toMatchObject({ name: "canary-1", manual: true, ended: null, ownerUid: cronJob.uid });
    expect(api.job("canary-1").spec.template.spec.containers[0].args).toEqual(["a"]);
    expect(await jobState(door, "canary-1")).toMatchObject({ active: 1, ended: null });
    release.resolve(1);
    const ended = await waitUntil({ forWhat: "the Job to end", deadlineMs: 10_000 }, async () => {
      const state = await jobState(door, "canary-1");
      return state?.ended ? { found: state } : { seen: JSON.stringify(state) };
    });
    expect(ended).toMatchObject({ ended: "failed", active: 0 });
    expect(ended.reason).toStartWith("BackoffLimitExceeded: ");
    api.store.create("jobs", "state-hub", {
      metadata: { name: "another" },
      spec: cronJobManifest().spec.jobTemplate.spec,
    });
    expect((await jobsOfCronJob(door, cronJob)).map(({ name }) => name)).toEqual(["canary-1"]);
    await expect(createJob(door, jobFrom(cronJob, { name: "canary-1", args: [] }))).rejects.toThrow("Could not create");
    await runKubectl(door, kubectl.deleteJob(door, "canary-1"));
    expect(await jobState(door, "canary-1")).toBeNull();
    await runKubectl(door, kubectl.deleteJob(door, "canary-1"));
  });
});
