// A CronJob against its manifest: what the cluster adds is no drift, what somebody changed is, field by field.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { cronJobDrift } from "../../../../lib/cutover/schedule/cron_job_drift.ts";
import { run } from "../../../../lib/process/run.ts";
import { cronJobManifest } from "../../../support/kubernetes_cron_job.ts";
import { kubernetesStore } from "../../../support/kubernetes_store.ts";
import { testWithKubectl } from "../../../support/with_kubectl.ts";

const manifest = cronJobManifest();
const K8S = join(import.meta.dir, "../../../../k8s");
const rendered = () => parse(readFileSync(join(K8S, "apps/cronjob-state-hub-consistency-sweep.yaml"), "utf8"));
/** As a cluster keeps it: with its defaults. */
const live = () => kubernetesStore().create("cronjobs", "state-hub", cronJobManifest()).spec;

describe("cronJobDrift()", () => {
  test("finds none in what was applied, whatever the cluster filled in, and whether it is suspended or not", () => {
    const spec = live();
    expect(spec).not.toEqual(manifest.spec);
    expect(cronJobDrift(manifest, spec)).toEqual([]);
    expect(cronJobDrift(manifest, { ...spec, suspend: false })).toEqual([]);
  });

  test("leaves the image alone, which is set where the manifests are put together", () => {
    const spec = live();
    spec.jobTemplate.spec.template.spec.containers[0].image = "registry.example/state-hub-ops@sha256:0";
    expect(cronJobDrift(manifest, spec)).toEqual([]);
  });

  // biome-ignore lint/suspicious/noExplicitAny: a spec to be broken in any way.
  const changes: readonly (readonly [string, (spec: any) => void])[] = [
    ["schedule: 0 * * * *, wanted */15 * * * *", (spec) => (spec.schedule = "0 * * * *")],
    ["timeZone: Europe/Berlin, wanted Etc/UTC", (spec) => (spec.timeZone = "Europe/Berlin")],
    ["timeZone: nothing, wanted Etc/UTC", (spec) => delete spec.timeZone],
    ["concurrencyPolicy: Allow, wanted Forbid", (spec) => (spec.concurrencyPolicy = "Allow")],
    ["startingDeadlineSeconds: 600, wanted 120", (spec) => (spec.startingDeadlineSeconds = 600)],
    ["activeDeadlineSeconds: 60, wanted 420", (spec) => (spec.jobTemplate.spec.activeDeadlineSeconds = 60)],
    ["backoffLimit: 6, wanted 0", (spec) => (spec.jobTemplate.spec.backoffLimit = 6)],
    [
      "restartPolicy: OnFailure, wanted Never",
      (spec) => (spec.jobTemplate.spec.template.spec.restartPolicy = "OnFailure"),
    ],
    ["Job's suspend: true, wanted false", (spec) => (spec.jobTemplate.spec.suspend = true)],
    ["parallelism: 0, wanted 1", (spec) => (spec.jobTemplate.spec.parallelism = 0)],
    [
      'initContainers: ["before"], wanted []',
      (spec) => (spec.jobTemplate.spec.template.spec.initContainers = [{ name: "before" }]),
    ],
  ];
  for (const [says, change] of changes)
    test(`names one field that was changed: ${says}`, () => {
      const spec = live();
      change(spec);
      expect(cronJobDrift(manifest, spec)).toEqual([says]);
    });

  test("names what the rendered CronJob has besides: the label of the network policies, and what is mounted", () => {
    // biome-ignore lint/suspicious/noExplicitAny: a spec to be broken in any way.
    const drift = (change: (template: any) => void) => {
      const { spec } = kubernetesStore().create("cronjobs", "state-hub", rendered());
      change(spec.jobTemplate.spec.template);
      return cronJobDrift(rendered(), spec).join();
    };
    expect(drift(() => {})).toBe("");
    expect(drift(({ metadata }) => delete metadata.labels["state-hub.io/reaches"])).toBe(
      "state-hub.io/reaches: nothing, wanted hub",
    );
    expect(drift(({ spec }) => (spec.volumes[2].secret.secretName = "another"))).toMatch(
      /^volumes: .*"secret: secret another".*, wanted .*"secret: secret state-hub-token"/,
    );
    expect(drift(({ spec }) => (spec.volumes[1] = { name: "tmp", hostPath: { path: "/" } }))).toMatch(
      /^volumes: .*"tmp: hostPath".*, wanted .*"tmp: emptyDir"/,
    );
  });

  test("names arguments, a command that was put before them, another value in the environment, another container", () => {
    const drift = (change: (containers: Record<string, unknown>[]) => void) => {
      const spec = live();
      change(spec.jobTemplate.spec.template.spec.containers);
      return cronJobDrift(manifest, spec).map((line) => line.split(":")[0]);
    };
    expect(drift(([first]) => Object.assign(first ?? {}, { args: ["--all"] }))).toEqual(["args"]);
    expect(drift(([first]) => Object.assign(first ?? {}, { env: [{ name: "STATE_HUB_HOME", value: "/" }] }))).toEqual([
      "env",
    ]);
    expect(drift((all) => all.push({ name: "beside" }))).toEqual(["containers", "command", "args", "env"]);
    expect(drift(([first]) => Object.assign(first ?? {}, { command: ["sh"] }))).toEqual(["command"]);
  });
});

testWithKubectl("cronJobDrift() finds none between a rendered CronJob and what kustomize makes of it", async () => {
  for (const overlay of ["apps", "apps-after-switch"]) {
    const options = { env: environmentForPrograms(), deadlineMs: 20_000 };
    const { stdout } = await run(["kubectl", "kustomize", join(K8S, overlay)], options);
    const built = parseAllDocuments(stdout)
      .map((document) => document.toJS())
      .find(({ kind, metadata }) => kind === "CronJob" && metadata.name === rendered().metadata.name);
    const { spec } = kubernetesStore().create("cronjobs", "state-hub", built);
    expect(spec.suspend).toBe(overlay === "apps");
    expect(cronJobDrift(rendered(), spec)).toEqual([]);
  }
});
