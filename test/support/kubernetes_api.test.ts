// The test's own cluster refuses what it cannot read as a server would, and goes on.
import { expect } from "bun:test";
import { run } from "../../lib/process/run.ts";
import { startKubernetesApi } from "./kubernetes_api.ts";
import { cronJobManifest } from "./kubernetes_cron_job.ts";
import { testWithKubectl } from "./with_kubectl.ts";

const NAME = "state-hub-consistency-sweep";

testWithKubectl("the test's API server answers a body in protobuf with 415, which kubectl passes on", async () => {
  const api = await startKubernetesApi();
  try {
    api.apply(cronJobManifest());
    const argv = ["kubectl", "--namespace=state-hub", "create", "job", `--from=cronjob/${NAME}`, "by-hand"];
    const { exitCode, stderr } = await run(argv, { env: api.env, deadlineMs: 20_000 });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("unknown format");
    expect(api.cronJob(NAME).metadata.name).toBe(NAME);
  } finally {
    await api.stop();
  }
});
