// Runs of the main job that are killed with SIGKILL at points spread over a run's whole length, each on a hub of its own,
// and what the next runs make of it. The quick suite tries a few points, the long one many.
import { expect } from "bun:test";
import { runCheck, startCheck } from "./check_process.ts";
import { hubContent, makeFleet, registerFleet } from "./fleet.ts";
import { temporaryFolder } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";

const ALL = ["--all", "--json"];
const FLEET = { repos: 20, workplans: 5, tasks: 4 };

/** One point in each of `points` equal parts of a run: random, so that every suite run tries others. */
export async function killAndConverge(points: number): Promise<{ killedInside: number }> {
  const folder = temporaryFolder();
  const hubs: TestHub[] = [];
  try {
    const fleet = await makeFleet(folder.path, FLEET);
    const registered = async () => {
      const hub = await freshHub();
      hubs.push(hub);
      await registerFleet(hub.database, fleet);
      return hub;
    };
    const undisturbed = await registered();
    const started = performance.now();
    expect((await runCheck(ALL, { DATABASE_URL: undisturbed.url })).code).toBe(0);
    const durationMs = performance.now() - started;
    const wanted = await hubContent(undisturbed.database);
    let killedInside = 0;
    for (let point = 0; point < points; point++) {
      const delayMs = (durationMs * (point + Math.random())) / points;
      const hub = await registered();
      const killed = startCheck(ALL, { DATABASE_URL: hub.url });
      // The moment is the thing under test: nothing is waited for.
      await Bun.sleep(delayMs);
      killed.kill("SIGKILL");
      if ((await killed.ended).code === 137) killedInside++;
      await expectConverged(hub, wanted, `killed after ${Math.round(delayMs)} of ${Math.round(durationMs)} ms`);
      await hubs.pop()?.close();
    }
    return { killedInside };
  } finally {
    for (const hub of hubs) await hub.close();
    folder.remove();
  }
}

/** The next run does the rest, and the one after it finds nothing to do. */
export async function expectConverged(
  hub: Pick<TestHub, "url" | "database">,
  wanted: Awaited<ReturnType<typeof hubContent>>,
  what: string,
): Promise<void> {
  const next = await runCheck(ALL, { DATABASE_URL: hub.url });
  expect({ what, code: next.code, error: next.report().automation_error }).toEqual({ what, code: 0, error: null });
  expect({ what, content: await hubContent(hub.database) }).toEqual({ what, content: wanted });
  const third = (await runCheck(ALL, { DATABASE_URL: hub.url })).report();
  expect({
    what,
    total: third.repos_total,
    clean: third.skipped_clean.length,
    processed: third.repos_processed,
  }).toEqual({
    what,
    total: third.repos_total,
    clean: third.repos_total,
    processed: [],
  });
}
