// The random histories of test/lib/consistency/three_way.test.ts, longer and more of them: too slow for every run.
import { describe, test } from "bun:test";
import { playHistories } from "../lib/consistency/two_way_history.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { freshHub } from "../support/hub.ts";

const WATCHDOG_MS = 10 * 60_000;

describe("reconcileRepo()", () => {
  for (let series = 1; series <= 5; series++) {
    test(
      `follows the rule through 200 random histories of 30 rounds, series ${series}`,
      async () => {
        const hub = await freshHub();
        const folder = temporaryFolder();
        try {
          await playHistories(hub, folder.path, { histories: 200, rounds: 30, again: "every round" });
        } finally {
          await hub.close();
          folder.remove();
        }
      },
      WATCHDOG_MS,
    );
  }
});
