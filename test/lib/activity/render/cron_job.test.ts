// What follows from a definition stands in its CronJob, and nothing else does: read back as YAML, and held to the rules that
// every manifest is held to.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deadlinesOf } from "../../../../lib/activity/deadlines.ts";
import type { ActivityDefinition } from "../../../../lib/activity/definition.ts";
import { renderCronJob } from "../../../../lib/activity/render/cron_job.ts";
import { DEFINITIONS_FOLDER, shippedDefinition } from "../../../../lib/activity/shipped_definitions.ts";
import { OpsFailure } from "../../../../lib/failure.ts";
import { worldOf } from "../../../support/manifests/folders.ts";
import { containersOf, type Manifest, nameOf, podsIn } from "../../../support/manifests/manifest.ts";
import { manifestsFrom } from "../../../support/manifests/read_folder.ts";
import { breaches } from "../../../support/manifests/rules.ts";
import { schemaErrors } from "../../../support/manifests/schemas.ts";

const SWEEP = shippedDefinition("7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b");
const CLEANUP = shippedDefinition("3b8f6c51-2d7e-4f0a-9a64-5e1c7d92b8f0");

const textOf = (definition: ActivityDefinition) => renderCronJob(definition, deadlinesOf(definition));
function read(definition: ActivityDefinition): Manifest {
  const [cronJob, ...more] = manifestsFrom(textOf(definition));
  if (cronJob === undefined || more.length > 0) throw new Error("wanted one object");
  return cronJob;
}
const argsOf = (cronJob: Manifest) => podsIn([cronJob]).flatMap(containersOf)[0]?.args ?? [];

describe("renderCronJob()", () => {
  test("takes schedule, deadlines and budget from the definition alone", () => {
    const { spec, metadata } = read({ ...SWEEP, trigger: { cron: "7 1,13 * * 1-5" }, max_seconds: 1234 });
    const { schedule, startingDeadlineSeconds, suspend, jobTemplate } = spec;
    expect({ schedule, startingDeadlineSeconds, suspend, name: metadata.name }).toEqual({
      schedule: "7 1,13 * * 1-5",
      startingDeadlineSeconds: 120,
      suspend: true,
      name: "state-hub-consistency-sweep",
    });
    expect(jobTemplate.spec.activeDeadlineSeconds).toBe(1234 + 120);
    const args = argsOf(read({ ...SWEEP, max_seconds: 1234 }));
    expect(args[args.indexOf("--max-seconds") + 1]).toBe("1234");
  });

  test("lets the hub do what a hub can, and gives anything else the database", () => {
    expect(argsOf(read(SWEEP)).join(" ")).toBe(
      "scripts/consistency_check.ts --remote --all --requires state-hub.health --requires-within 20 --max-seconds 300 --via $(STATE_HUB_URL) --source k8s-cronjob",
    );
    expect(argsOf(read(CLEANUP)).join(" ")).toBe(
      "scripts/cleanup_stale_tasks.ts --apply --requires state-hub.health --max-seconds 300 --source k8s-cronjob",
    );
    const [sweep, cleanup] = [textOf(SWEEP), textOf(CLEANUP)];
    expect([sweep.includes("DATABASE_URL"), sweep.includes("STATE_HUB_TOKEN_FILE")]).toEqual([false, true]);
    expect([cleanup.includes("DATABASE_URL_FILE"), cleanup.includes("STATE_HUB_TOKEN")]).toEqual([true, false]);
  });

  test("writes words that YAML would read as something else as words", () => {
    const instruction = "scripts/consistency_check.ts --repo no --plan 0x10 --owner a:#b --path *x --reason \"'{";
    const { requires, ...definition } = SWEEP;
    const args = argsOf(read({ ...definition, requires: [], instruction }));
    expect(args.slice(0, -6).join(" ")).toBe(instruction);
    expect(args.every((word) => typeof word === "string")).toBe(true);
    expect(requires).not.toEqual([]);
  });

  test("keeps to the schema and to every rule, also with another schedule", async () => {
    const world = await worldOf("apps");
    const rendered = [SWEEP, CLEANUP].map((each) => nameOf(read(each)));
    const others = world.manifests.filter((each) => !rendered.includes(nameOf(each)));
    for (const cron of ["*/15 * * * *", "0 3 * * *", "30 2 1 * *"]) {
      const cronJob = withImage(read({ ...SWEEP, trigger: { cron } }));
      expect(await schemaErrors([cronJob])).toEqual([]);
      const cleanup = withImage(read(CLEANUP));
      expect(breaches({ ...world, manifests: [...others, cronJob, cleanup] })).toEqual([]);
    }
  });

  test("is what lies in k8s/apps", () => {
    for (const definition of [SWEEP, CLEANUP]) {
      const name = definition.id.replace("the-custodian.", "");
      const file = join(DEFINITIONS_FOLDER, `../apps/cronjob-${name}.yaml`);
      expect(readFileSync(file, "utf8")).toBe(textOf(definition));
    }
  });

  test("refuses a definition that an event starts", () => {
    expect(() => textOf({ ...SWEEP, trigger: { event: "org.statehub.task.stale" } })).toThrow(OpsFailure);
  });
});

/** As kustomize writes it: the rendered one names the image alone. */
function withImage(cronJob: Manifest): Manifest {
  const text = JSON.stringify(cronJob).replaceAll('"state-hub-ops"', '"registry.example/state-hub-ops:0.1.0"');
  return JSON.parse(text) as Manifest;
}
