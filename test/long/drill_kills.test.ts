// Every fault around the drill, every signal in every stage, and a kill -9 in each of them.
import { afterAll, beforeAll, describe, test } from "bun:test";
import { expectUnverified } from "../support/drill_faults_played.ts";
import { FAULTS } from "../support/drill_faults_registry.ts";
import { type FaultScene, faultScene } from "../support/drill_faults_scene.ts";
import { ASKING, expectMended, expectStopped, STAGES } from "../support/drill_faults_stages.ts";

const WATCHDOG_MS = 180_000;

let scene: FaultScene;
beforeAll(async () => {
  scene = await faultScene();
}, WATCHDOG_MS);
afterAll(() => scene.close(), WATCHDOG_MS);

test.each(FAULTS.map((fault) => [fault.what, fault] as const))(
  "a run says so, and leaves nothing, when %s",
  (_what, fault) => expectUnverified(scene, fault),
  WATCHDOG_MS,
);

for (const each of STAGES) {
  const word = each.args({ store: "", key: { identity: "", recipient: "" } } as FaultScene)[0] ?? "drill";
  describe(`${word}: ${each.stage}`, () => {
    test.each(Object.keys(ASKING) as (keyof typeof ASKING)[])(
      "%s ends it in time, by its code, and leaves nothing",
      (signal) => expectStopped(scene, each, signal),
      WATCHDOG_MS,
    );
    test("after a kill -9 the next run removes what is left, and passes", () => expectMended(scene, each), WATCHDOG_MS);
  });
}
