// What every test of a disturbed run starts from: a small fleet, hubs that know it and have not looked yet, and what a hub
// holds after a run that nothing disturbed.
import { afterAll, beforeAll, expect } from "bun:test";
import { runCheck } from "./check_process.ts";
import { hubContent, makeFleet, registerFleet } from "./fleet.ts";
import { type TestRepo, temporaryFolder } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";

type HubContent = Awaited<ReturnType<typeof hubContent>>;

export interface DisturbedFleet {
  readonly fleet: readonly TestRepo[];
  readonly wanted: HubContent;
  /** Another hub that knows the fleet; it is closed at the end of the file. */
  registered(): Promise<TestHub>;
  /** The same for a hub that a test made itself. */
  closeLater(hub: TestHub): void;
}

const SIZE = { repos: 12, workplans: 3, tasks: 3 };
const WATCHDOG = 120_000;

/** To be called at the top of a test file, whose hooks it sets; `fleet` and `wanted` are there once tests run. */
export function disturbedFleet(): DisturbedFleet {
  const folder = temporaryFolder();
  const hubs: TestHub[] = [];
  const made: { fleet: TestRepo[]; wanted: HubContent | undefined } = { fleet: [], wanted: undefined };
  const registered = async () => {
    const hub = await freshHub();
    hubs.push(hub);
    await registerFleet(hub.database, made.fleet);
    return hub;
  };
  beforeAll(async () => {
    made.fleet = await makeFleet(folder.path, SIZE);
    const undisturbed = await registered();
    expect((await runCheck(["--all", "--json"], { DATABASE_URL: undisturbed.url })).code).toBe(0);
    made.wanted = await hubContent(undisturbed.database);
  }, WATCHDOG);
  afterAll(async () => {
    for (const hub of hubs) await hub.close();
    folder.remove();
  });
  return {
    registered,
    closeLater: (hub) => void hubs.push(hub),
    get fleet() {
      return made.fleet;
    },
    get wanted() {
      if (made.wanted === undefined) throw new Error("asked before the tests began");
      return made.wanted;
    },
  };
}
