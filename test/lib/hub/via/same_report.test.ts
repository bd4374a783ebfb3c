// A run that a hub does prints what the script's own would have printed: the same document, words and exit code.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { runCheck } from "../../../support/check_process.ts";
import { observer } from "../../../support/held_pushes.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "../../../support/swept_fleet.ts";

const WATCHDOG = 60_000;
let fleet: SweptFleet;
let [good, better]: SweptRepo[] = [];
let hub: ServedHub;
beforeAll(async () => {
  fleet = await sweptFleet();
  [good, better] = [await fleet.add("good"), await fleet.add("better")];
  hub = await servedHub({}, { hub: fleet.hub, home: fleet.home, host: hostname() });
  expect((await fleet.sweep()).report.exit_code).toBe(0);
}, WATCHDOG);
afterAll(async () => {
  await hub.close();
  await fleet.close();
});

const ALL = ["--remote", "--all"];
const TIMES = /^(run_id|started_at|finished_at|duration_ms|since|pid)$/;
const withoutTimes = (text: string) =>
  JSON.parse(text, (key, value) => (TIMES.test(key) && value !== null ? "..." : value)) as Record<string, unknown>;
const inWords = (text: string) => text.replace(/\d+\.\d\d s$/m, "N s").replace(/(since|pid) \S+/g, "$1 ...");
const degraded = (text: string) => text.split("\n").filter((line) => line.startsWith("Degraded"));

const here = (flags: readonly string[]) =>
  runCheck(flags, { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: fleet.home, HOME: fleet.userHome });
/** No DATABASE_URL: that machine has none. */
const there = (flags: readonly string[]) => runCheck([...flags, "--via", hub.at], {});

/** Script, then hub: both find the same state. */
async function expectSame(code: number, flags: readonly string[] = ALL): Promise<Record<string, unknown>> {
  const [script, served] = [await here([...flags, "--json"]), await there([...flags, "--json"])];
  expect({ script: script.code, served: served.code, said: degraded(served.err) }).toEqual({
    script: code,
    served: code,
    said: degraded(script.err),
  });
  expect(withoutTimes(served.out)).toEqual(withoutTimes(script.out));
  return withoutTimes(script.out);
}

async function expectSameWords(flags: readonly string[] = ALL): Promise<void> {
  const [script, served] = [await here(flags), await there(flags)];
  expect(inWords(served.out)).toBe(inWords(script.out));
}

test(
  "of a clean sweep",
  async () => {
    expect(await expectSame(0)).toMatchObject({ skipped_clean: ["better", "good"], automation_error: null });
  },
  WATCHDOG,
);

test(
  "of findings, in words too: exit 0 for all remotes, 1 for one repository",
  async () => {
    await good?.clone.git("pull", "--quiet", "--rebase", "origin", "main");
    await good?.push({ "workplans/GOOD-WP-0002.md": "---\nid: [\n---\n" });
    await fleet.sweep();
    expect(await expectSame(0)).toMatchObject({ assessment_totals: { "C-01": 1 } });
    expect(await expectSame(1, ["--remote", "--repo", "good"])).toMatchObject({ mode: "repo", exit_code: 1 });
    await expectSameWords();
  },
  WATCHDOG,
);

test(
  "of a fleet's lock that somebody else has",
  async () => {
    const locks = await observer(fleet);
    expect(await locks.tryLock("state-hub:fleet")).toBe(true);
    const report = await expectSame(0);
    await locks.close();
    expect(report).toMatchObject({ lock_skipped: true, lock_holder: { host: "observer" } });
  },
  WATCHDOG,
);

test(
  "of a sweep that could do nothing: C-00, exit 2",
  async () => {
    for (const repo of [good, better]) rmSync(repo?.path ?? "", { recursive: true });
    await fleet.passTime(300);
    expect((await fleet.sweep()).report.exit_code).toBe(2);
    expect(await expectSame(2)).toMatchObject({ automation_error: { check: "C-00" }, exit_code: 2 });
    await expectSameWords();
  },
  WATCHDOG,
);
