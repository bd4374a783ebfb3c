// Blocks that need a user's systemd or a cluster and stand on pages whose other blocks need neither; and a whole page by
// `runbook.ts run` itself. What the test's cluster does not know is executed as its plan: what kubectl would send.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { recordExecuted } from "../support/record_executed.ts";
import { makeScheduleRunbookWorld, type ScheduleRunbookWorld } from "../support/schedule_runbook.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const ROOT = join(import.meta.dir, "../..");
const BLOCK_MS = 60_000;
const pageOf = (name: string) => readRunbook(join(ROOT, "runbooks", `${name}.md`));

describeWithKubectl("the definitions' runbook", () => {
  const page = pageOf("activity_definitions");
  let world: ScheduleRunbookWorld;
  beforeAll(async () => {
    world = await makeScheduleRunbookWorld({ hours: 1 });
    await world.applyManifests("apps");
  }, BLOCK_MS);
  afterAll(() => world?.remove(), BLOCK_MS);

  const paste = (text: string) => {
    const settings = readFileSync(join(world.manager.home, ".config/state-hub/env"), "utf8").trim();
    return world.paste(`export ${settings} OVERLAY=k8s/apps\n${text}`);
  };

  test.each([
    ["load-units", /^$/],
    ["prove-timers", /timers? listed/],
    ["prove-cronjobs", /state-hub-consistency-sweep/],
    ["prove-runs", /"items":\[/],
  ])(
    "%s does what it says",
    async (name, prints) => {
      const block = page.blocks.find((each) => each.name === name);
      const { exitCode, stdout, stderr } = await paste(block?.text ?? "false");
      expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: expect.stringMatching(prints), stderr: "" });
      if (block) recordExecuted(page, block);
    },
    BLOCK_MS,
  );

  test.each(["diff-cronjobs", "apply-cronjobs"])(
    "%s names an overlay that kubectl can put together",
    async (name) => {
      const block = page.blocks.find((each) => each.name === name);
      const plan = block?.text.replace(/^kubectl (diff|apply) -k/, "kubectl kustomize") ?? "false";
      expect(plan).not.toBe(block?.text);
      const { exitCode, stdout } = await paste(plan);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("kind: CronJob") });
      if (block) recordExecuted(page, block, "plan");
    },
    BLOCK_MS,
  );
});

describeWithKubectl("runbook.ts run", () => {
  test(
    "goes through the container image's page, all of it, in this toolkit",
    () => {
      const page = pageOf("container_image");
      const home = temporaryFolder();
      const env = { ...environmentForPrograms(), STATE_HUB_HOME: home.path };
      const argv = [join(ROOT, "scripts/runbook.ts"), "run", "container_image", "--all", "--json", "--quiet"];
      const ran = Bun.spawnSync(argv, { env, timeout: BLOCK_MS });
      home.remove();
      const { verdict, blocks } = JSON.parse(ran.stdout.toString());
      const commands = page.blocks.filter(isCommand);
      expect({ verdict, blocks }).toMatchObject({ verdict: "passed", blocks: commands.map(({ name }) => ({ name })) });
      for (const block of commands) recordExecuted(page, block);
    },
    BLOCK_MS,
  );
});
