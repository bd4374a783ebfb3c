// A CronJob as the toolkit's manifests have it, small enough to read in a test.

const NAME = "state-hub-consistency-sweep";

/** A new one each time: a test may change what it gets. */
export function cronJobManifest(spec: Readonly<Record<string, unknown>> = {}) {
  const args = ["scripts/consistency_check.ts", "--remote", "--all", "--max-seconds", "300", "--source", "k8s-cronjob"];
  const container = {
    name: "activity",
    image: "state-hub-ops",
    args: [...args],
    env: [{ name: "STATE_HUB_HOME", value: "/home" }],
  };
  const labels = { "app.kubernetes.io/name": NAME };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: NAME, namespace: "state-hub", labels, annotations: { "state-hub.io/definition": "a.b" } },
    spec: {
      schedule: "*/15 * * * *",
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      suspend: true,
      startingDeadlineSeconds: 120,
      jobTemplate: {
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: 420,
          template: { metadata: { labels }, spec: { restartPolicy: "Never", containers: [container] } },
        },
      },
      ...spec,
    },
  };
}
