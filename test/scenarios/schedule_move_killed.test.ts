// A mover that is killed by SIGKILL in the middle of a step, gone on with or taken back: a sample of the points, the others are in
// test/long. A timer that really fires, kubectl, PostgreSQL, and a controller that makes up for slots as the real one does.
import { afterAll, beforeAll, test } from "bun:test";
import { type Kill, type KilledSchedule, killedSchedule } from "../support/schedule_kills.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const WATCHDOG_MS = 60_000;

const SAMPLE: readonly Kill[] = [
  { act: "switch", point: "disable_timer:acted", goes: "back" },
  { act: "switch", point: "unsuspend_cronjob:acted", goes: "on" },
];

describeWithKubectl("a move of the schedule that is killed", () => {
  let schedule: KilledSchedule;
  beforeAll(async () => {
    schedule = await killedSchedule();
  }, WATCHDOG_MS);
  afterAll(() => schedule.stop(), WATCHDOG_MS);

  for (const kill of SAMPLE) {
    test(
      `${kill.act} at ${kill.point}, then goes ${kill.goes}: one owner, no slot run twice, none made up for`,
      () => schedule.survive(kill),
      WATCHDOG_MS,
    );
  }
});
