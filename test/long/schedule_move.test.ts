// A mover that is killed by SIGKILL at every step, before it acts, after it acted, and before its journal says so; each is gone on
// with, and each is taken back. Three schedules at once, each with a systemd, a cluster and a hub of its own.
import { expect, test } from "bun:test";
import { type Kill, killedSchedule, MOMENTS, ROLLBACK_STEPS, SWITCH_STEPS } from "../support/schedule_kills.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const LANES = 3;
const WATCHDOG_MS = 30 * 60_000;

const points = (steps: readonly string[]) => steps.flatMap((step) => MOMENTS.map((moment) => `${step}:${moment}`));
const KILLS: readonly Kill[] = [
  ...points(SWITCH_STEPS).flatMap((point) =>
    (["on", "back"] as const).map((goes) => ({ act: "switch", point, goes }) as const),
  ),
  ...points(ROLLBACK_STEPS).flatMap((point) =>
    (["on", "back"] as const).map((goes) => ({ act: "rollback", point, goes }) as const),
  ),
];

describeWithKubectl("a move of the schedule", () => {
  test(
    `killed at each of ${KILLS.length} points: one owner, no slot run twice, none made up for`,
    async () => {
      const waiting = [...KILLS];
      const failed: unknown[] = [];
      const lane = async () => {
        let schedule = await killedSchedule();
        for (let kill = waiting.shift(); kill !== undefined; kill = waiting.shift()) {
          const began = performance.now();
          try {
            await schedule.survive(kill);
            process.stderr.write(
              `${waiting.length} left: ${JSON.stringify(kill)} ${Math.round(performance.now() - began)} ms\n`,
            );
          } catch (error) {
            failed.push({ kill, error: Bun.inspect(error) });
            process.stderr.write(`FAILED ${JSON.stringify(kill)} ${Bun.inspect(error)}\n`);
            // What it left behind is no beginning for the next.
            await schedule.stop();
            schedule = await killedSchedule();
          }
        }
        await schedule.stop();
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      expect(failed).toEqual([]);
    },
    WATCHDOG_MS,
  );
});
