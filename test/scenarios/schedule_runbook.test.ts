// The runbook of the schedule's move as its reader lets runbook.ts run go through it: what looks or plans, and the dangers that take
// no waiting, over a real user manager, kubectl and a hub. The moves between them are played here, and real in test/long. And its
// tables: one row for each gate and for each finding that there is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACTS } from "../../lib/cutover/schedule/acts.ts";
import { OWNERS } from "../../lib/cutover/schedule/owners.ts";
import { isCommand } from "../../lib/runbook/read_runbook.ts";
import { recordExecuted } from "../support/record_executed.ts";
import { pageNamed, rehearse } from "../support/runbook_reader.ts";
import { makeScheduleRunbookWorld, type ScheduleRunbookWorld } from "../support/schedule_runbook.ts";
import { playParallel, playRollback, playSwitch } from "../support/schedule_runbook_played.ts";
import { awayFromSlot, bothRunOnce, fillHours, installCleanup } from "../support/schedule_runbook_story.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const FOLDER = join(import.meta.dir, "../../lib/cutover/schedule");
const HOURS = 72;
const PERIOD_S = 900;
const WORLD_MS = 60_000;
const page = pageNamed("cutover_schedule");
const commands = page.blocks.filter(isCommand);

type Play = (world: ScheduleRunbookWorld) => Promise<void> | void;

/** Instead of these commands: two that send more than the test's cluster knows, and those that wait for slots. */
const PLAYED: Readonly<Record<string, Play>> = {
  "apply-manifests": (world) => world.applyManifests("apps"),
  "parallel-apply": playParallel,
  "end-parallel-apply": () => {},
  "switch-apply": playSwitch,
  "apply-after-switch": (world) => world.applyManifests("apps-after-switch"),
  "rollback-apply": playRollback,
};

/** Before these commands. */
const MEANWHILE: Readonly<Record<string, Play>> = {
  "canary-apply": () => awayFromSlot(PERIOD_S),
  compare: async (world) => {
    await bothRunOnce(world);
    await fillHours(world, HOURS, PERIOD_S);
  },
  "cleanup-disable": installCleanup,
  "gone-plan": ({ api }) => api.away(),
  "rollback-plan": ({ api }) => api.back(),
};

/** The page's order, but for what belongs between: a side-by-side run is ended before it led to a switch. */
const ORDER = inOrder();

describeWithKubectl("the runbook of the schedule's move", () => {
  let world: ScheduleRunbookWorld;
  beforeAll(async () => {
    world = await makeScheduleRunbookWorld({ hours: HOURS });
  }, WORLD_MS);
  afterAll(() => world?.remove(), WORLD_MS);

  rehearse({
    page: "cutover_schedule",
    reader: () => world.reader,
    order: ORDER.filter((name) => !(name in PLAYED)),
    before: happening(() => world),
  });

  test("shows SQL that works in the hub as it stands", async () => {
    const rowsOf = (name: string) =>
      world.hub.database.sql.unsafe(page.blocks.find((block) => block.name === name)?.text ?? "");
    expect(await rowsOf("prove-runs")).toHaveLength(5);
    expect((await rowsOf("prove-audit")).map(({ summary }) => summary)).toContain("canary: create_canary");
    expect(await rowsOf("cleanup-runs")).toHaveLength(0);
  });
});

/** What is played for the commands before each one that is run, and what else happens before it. */
function happening(world: () => ScheduleRunbookWorld): Record<string, () => Promise<void>> {
  const before: Record<string, () => Promise<void>> = {};
  let waiting: Play[] = [];
  for (const name of ORDER) {
    const play = PLAYED[name];
    if (play !== undefined) waiting.push((given) => playInstead(name, () => play(given)));
    else {
      const events = [...waiting, ...(MEANWHILE[name] ? [MEANWHILE[name]] : [])];
      if (events.length > 0)
        before[name] = async () => {
          for (const event of events) await event(world());
        };
      waiting = [];
    }
  }
  return before;
}

/** The plan of what is played here is one of the commands before it; the real ones are run in test/long. */
async function playInstead(name: string, play: () => Promise<void> | void): Promise<void> {
  await play();
  const block = commands.find((each) => each.name === name);
  if (block) recordExecuted(page, block, "plan");
}

function inOrder(): string[] {
  const names = commands.map(({ name }) => name);
  const rest = names.filter((name) => !["end-parallel-plan", "end-parallel-apply", "gone-plan"].includes(name));
  const [ended, gone] = [rest.indexOf("compare"), rest.indexOf("rollback-plan")];
  return [
    ...rest.slice(0, ended),
    "end-parallel-plan",
    "end-parallel-apply",
    ...rest.slice(ended, gone),
    "gone-plan",
    ...rest.slice(gone),
  ];
}

describe("what the runbook says of refusals", () => {
  const rowsOf = (title: string) => page.rows.filter(({ titles }) => titles[0] === title).map(({ cells }) => cells);
  const idsIn = (cell = "") => [...cell.matchAll(/`(\w+)`/g)].map(([, id]) => id ?? "");

  test("has one row for every gate, with its claim, where to look and what to do", () => {
    const gates = new Map(ACTS.flatMap((act) => act.gates.map(({ id, claim }) => [id, claim] as const)));
    const rows = rowsOf("gate");
    expect(gates.size).toBeGreaterThan(8);
    expect(rows.map(([id, claim]) => [idsIn(id)[0], claim]).toSorted()).toEqual([...gates].toSorted());
    expect(rows.filter(([, , look, todo]) => !/^`[^`]+`$/.test(look ?? "") || (todo ?? "").length < 10)).toEqual([]);
  });

  test("has one row for every finding of status, and none that there is not", () => {
    const sources = ["findings.ts", "unit_findings.ts"].map((name) => readFileSync(join(FOLDER, name), "utf8"));
    const ids = sources.flatMap((text) => [...text.matchAll(/\bid: "(\w+)"/g)].map(([, id]) => id ?? ""));
    const unasked = OWNERS.map(({ id }) => `${id}_unknown`);
    const rows = rowsOf("finding");
    expect(ids.length).toBeGreaterThan(15);
    expect(rows.flatMap(([id]) => idsIn(id)).toSorted()).toEqual([...new Set([...ids, ...unasked])].toSorted());
    expect(rows.filter((cells) => cells.length !== 4 || cells.includes(""))).toEqual([]);
  });
});
