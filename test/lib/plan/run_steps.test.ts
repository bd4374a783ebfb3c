// A world of switches, and a run over them that is cut off wherever it can be: what is done twice, and what is told twice, shows.
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { OpsFailure } from "../../../lib/failure.ts";
import { readJournal } from "../../../lib/plan/journal.ts";
import { runSteps, type Step, type StepEvent } from "../../../lib/plan/run_steps.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
const path = join(folder.path, "journal.jsonl");
const plan = "01a1fdf6-b261-7c97-9eca-251b17a203ef";
afterEach(folder.remove);

interface World {
  readonly on: Set<string>;
  readonly acted: string[];
  /** Ids of trails, each as often as it was left. */
  readonly trails: Map<string, string>;
}
const world = (): World => ({ on: new Set(), acted: [], trails: new Map() });

const step = ({ on, acted }: World, id: string, more: Partial<Step> = {}): Step => ({
  id,
  says: `switches ${id} on`,
  commands: [],
  undo: `switch ${id} off`,
  look: async () => ({ done: on.has(id), evidence: { on: [...on] } }),
  act: async () => {
    acted.push(id);
    on.add(id);
  },
  ...more,
});

const run = (
  here: World,
  steps: readonly Step[],
  on?: (event: StepEvent) => void,
  signal = new AbortController().signal,
) =>
  runSteps({
    plan,
    steps,
    journal: { path, host: "here", operator: "somebody" },
    signal,
    settle: async ({ act, step: { id } }) => void here.trails.set(act, id),
    ...(on === undefined ? {} : { on }),
  });

class CutOff extends Error {}

test("runSteps() acts where the world is not so yet, proves it, and leaves a trail of each act", async () => {
  const here = world();
  here.on.add("b");
  const evidence = await run(here, [step(here, "a"), step(here, "b"), step(here, "c")]);
  expect(here.acted).toEqual(["a", "c"]);
  expect([...here.trails.values()]).toEqual(["a", "c"]);
  expect(evidence.c).toEqual({ on: ["b", "a", "c"] });
  expect(readJournal(path).map(({ entry, step: id }) => `${entry} ${id}`)).toEqual([
    "begun a",
    "done a",
    "done b",
    "begun c",
    "done c",
  ]);
});

test("runSteps(), cut off anywhere and run again, does nothing twice and leaves each trail once", async () => {
  for (const at of ["begun", "acted", "proven", "settled", "done"] as const) {
    for (const id of ["a", "b"]) {
      folder.remove();
      const here = world();
      const steps = [step(here, "a"), step(here, "b")];
      const cut = (event: StepEvent) => {
        if (event.at === at && event.step === id) throw new CutOff();
      };
      expect(run(here, steps, cut)).rejects.toThrow(CutOff);
      await run(here, steps);
      expect([at, id, here.acted, [...here.trails.values()]]).toEqual([at, id, ["a", "b"], ["a", "b"]]);
    }
  }
});

test("runSteps() believes the world and not the journal: what was undone meanwhile is done again, as another act", async () => {
  const here = world();
  const steps = [step(here, "a")];
  await run(here, steps);
  here.on.delete("a");
  await run(here, steps);
  expect([here.acted, here.trails.size]).toEqual([["a", "a"], 2]);
});

test("runSteps() does not look again at a step that a later one ends, once that was begun", async () => {
  const here = world();
  const off = step(here, "off", { holdsUntil: "on" });
  const on = step(here, "on", {
    act: async () => {
      here.acted.push("on");
      here.on.add("on");
      here.on.delete("off");
    },
  });
  const cut = (event: StepEvent) => {
    if (event.at === "acted" && event.step === "on") throw new CutOff();
  };
  expect(run(here, [off, on], cut)).rejects.toThrow(CutOff);
  await run(here, [off, on]);
  expect(here.acted).toEqual(["off", "on"]);
});

test("runSteps() refuses to believe an act that the world does not show", async () => {
  const here = world();
  const idle = step(here, "a", { act: async () => {} });
  expect(run(here, [idle, step(here, "b")])).rejects.toThrow("Could not prove the step a");
  await Bun.sleep(0);
  expect(here.acted).toEqual([]);
  expect(readJournal(path).at(-1)).toMatchObject({ entry: "failed", step: "a" });
});

test("runSteps() keeps in the journal why a step failed, and its act goes on under the same id", async () => {
  const here = world();
  let broken = true;
  const act = async () => {
    if (broken) throw new OpsFailure("Could not reach it", { observed: "nobody answers" });
    here.on.add("a");
  };
  expect(run(here, [step(here, "a", { act })])).rejects.toThrow("Could not reach it");
  await Bun.sleep(0);
  broken = false;
  await run(here, [step(here, "a", { act })]);
  const entries = readJournal(path);
  expect(entries[1]).toMatchObject({ entry: "failed", detail: { message: "Could not reach it: nobody answers" } });
  expect(entries.at(-1)?.act).toBe(entries[0]?.act as string);
});

test("runSteps() stops between two steps when it is asked to, and never in one", async () => {
  const here = world();
  const stop = new AbortController();
  const on = ({ at, step: id }: StepEvent) => {
    if (at === "begun" && id === "a") stop.abort(new OpsFailure("Stopped by SIGTERM"));
  };
  expect(run(here, [step(here, "a"), step(here, "b")], on, stop.signal)).rejects.toThrow("Stopped by SIGTERM");
  await Bun.sleep(0);
  expect([here.acted, [...here.trails.values()]]).toEqual([["a"], ["a"]]);
});
