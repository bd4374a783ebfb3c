// A drill or a backup that is told to stop, or is killed. Every stage with every signal is in test/long.
import { afterAll, beforeAll, test } from "bun:test";
import { type FaultScene, faultScene } from "../support/drill_faults_scene.ts";
import { type ASKING, expectMended, expectStopped, STAGES } from "../support/drill_faults_stages.ts";

const WATCHDOG_MS = 120_000;

let scene: FaultScene;
beforeAll(async () => {
  scene = await faultScene();
}, WATCHDOG_MS);
afterAll(() => scene.close(), WATCHDOG_MS);

const QUICK: readonly (readonly [string, string, keyof typeof ASKING])[] = [
  ["backup", "Dumping", "SIGTERM"],
  ["backup", "Storing", "SIGHUP"],
  ["--from-store", "Starting a disposable server", "SIGHUP"],
];

function stageOf(word: string, stage: string) {
  const found = STAGES.find((each) => each.stage === stage && each.args(scene)[0] === word);
  if (found === undefined) throw new Error(`${word} has no stage ${stage}`);
  return found;
}

test.each(QUICK)(
  "%s that gets to %s and then %s ends in time, by its code, and leaves nothing",
  (word, stage, signal) => expectStopped(scene, stageOf(word, stage), signal),
  WATCHDOG_MS,
);

test(
  "after a kill -9 in the middle of a restore the next run ends the server that is left, and passes",
  () => expectMended(scene, stageOf("--from-store", "Restoring")),
  WATCHDOG_MS,
);
