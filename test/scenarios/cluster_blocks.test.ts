// Blocks that need a user's systemd or a cluster and stand on pages whose other blocks need neither; and the container image's
// page, whose manifests kubectl puts together. What the test's cluster does not know is executed as its plan: what kubectl
// would send.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/git_repo.ts";
import { recordExecuted } from "../support/record_executed.ts";
import { rehearse, runbookReader } from "../support/runbook_reader.ts";
import { makeScheduleRunbookWorld, type ScheduleRunbookWorld } from "../support/schedule_runbook.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const BLOCK_MS = 60_000;

describeWithKubectl("the definitions' runbook", () => {
  let world: ScheduleRunbookWorld;
  let env: Record<string, string>;
  beforeAll(async () => {
    world = await makeScheduleRunbookWorld({ hours: 1 });
    await world.applyManifests("apps");
    env = { ...world.env, STATE_HUB_URL: urlIn(world.manager.home) };
  }, BLOCK_MS);
  afterAll(() => world?.remove(), BLOCK_MS);

  const page = rehearse({
    page: "activity_definitions",
    reader: () => runbookReader({ toolkit: world.toolkit, env }),
    order: ["load-units", "prove-timers", "prove-cronjobs", "prove-runs"],
  });

  test.each(["diff-cronjobs", "apply-cronjobs"])(
    "%s names an overlay that kubectl can put together",
    async (name) => {
      const block = page.blocks.find((each) => each.name === name);
      const plan = block?.text.replace(/^kubectl (diff|apply) -k/, "kubectl kustomize") ?? "false";
      expect(plan).not.toBe(block?.text);
      const { exitCode, stdout } = await world.paste(`export OVERLAY=k8s/apps\n${plan}`);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("kind: CronJob") });
      if (block) recordExecuted(page, block, "plan");
    },
    BLOCK_MS,
  );
});

/** The hub that the units know, from their settings. */
function urlIn(home: string): string {
  const settings = readFileSync(join(home, ".config/state-hub/env"), "utf8");
  return /^STATE_HUB_URL=(.+)$/m.exec(settings)?.[1] ?? "";
}

describeWithKubectl("the container image's runbook", () => {
  const home = temporaryFolder();
  afterAll(() => home.remove());
  rehearse({ page: "container_image", reader: () => runbookReader({ env: { STATE_HUB_HOME: home.path } }) });
});
