// activity_definitions.ts as an operator types it: what it shows, what it says to type next, and its exit codes.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { definitionText, toolkitWith } from "../lib/activity/definition_folder.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const WATCHDOG_MS = 50_000;
const WEEDING = "22222222-2222-4222-8222-222222222222";
let hub: TestHub;
let toolkit: ReturnType<typeof toolkitWith>;
beforeAll(async () => {
  hub = await freshHub();
}, WATCHDOG_MS);
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`delete from activity.activity_definitions`;
  toolkit = toolkitWith({ "watering.md": definitionText() });
});
afterEach(() => toolkit.remove());

function activities(line: string, env: Record<string, string> = { DATABASE_URL: hub.url }) {
  const argv = [join(SCRIPTS, "bun"), join(SCRIPTS, "activity_definitions.ts"), ...line.split(" ")];
  const ran = Bun.spawnSync(argv, { env: { ...environmentForPrograms(), ...env }, timeout: WATCHDOG_MS });
  return { code: ran.exitCode, out: ran.stdout.toString(), err: ran.stderr.toString() };
}
const folders = () => `--definitions ${toolkit.folder} --root ${toolkit.root}`;

/** What it said to type next, without the script's name. */
const nextOf = (out: string) => /^Next: scripts\/activity_definitions\.ts (.*)$/m.exec(out)?.[1] ?? "";

test(
  "goes from a definition to files and rows, each step typed as the one before says",
  () => {
    const unchecked = activities(`check ${folders()}`);
    expect(unchecked.code).toBe(1);
    expect(unchecked.out).toContain(`systemd/active/watering.timer: is missing`);
    expect(unchecked.out).toContain("activity_definitions, Watering: is missing: should have a row");
    const only = `--definitions ${toolkit.folder}`;
    let { out } = unchecked;
    for (const line of [
      `render --dry-run ${folders()}`,
      `render ${folders()}`,
      `sync --dry-run ${only}`,
      `sync ${only}`,
      `check ${only}`,
    ]) {
      expect(nextOf(out)).toBe(line);
      const step = activities(line);
      // The last one compares with this toolkit's own files: to sync, no other root is known.
      expect(step).toMatchObject({ code: line.startsWith("check") ? 1 : 0, err: "" });
      out = step.out;
    }
    const clean = activities(`check ${folders()}`);
    expect(clean).toMatchObject({ code: 0, err: "" });
    expect(clean.out).toContain("Checked 1 definition: units, CronJobs and the hub's table say the same.");
    expect(nextOf(clean.out)).toBe(`list ${only}`);
    expect(activities(nextOf(clean.out)).out).toMatch(/^garden\.watering .* same$/m);
    expect(nextOf(activities(`check --files ${folders()}`).out)).toBe(`check ${folders()}`);
  },
  WATCHDOG_MS,
);

test(
  "calls nothing left over by a folder that has no definition",
  () => {
    activities(`render ${folders()}`);
    activities(`sync --definitions ${toolkit.folder}`);
    toolkit.write("weeding.md", definitionText({ id: "garden.weeding", uuid: WEEDING, name: "Weeding" }));
    rmSync(join(toolkit.folder, "watering.md"));
    const { out } = activities(`check --files ${folders()}`);
    expect(out).toContain(`git -C ${toolkit.root} rm systemd/active/watering.timer`);
    rmSync(join(toolkit.folder, "weeding.md"));
    for (const line of [`list --definitions ${toolkit.folder}`, `check ${folders()}`, `render ${folders()}`]) {
      const { code, out, err } = activities(line);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("Could not find any activity definition");
    }
  },
  WATCHDOG_MS,
);

test(
  "shows a difference with what stands there, what should, and what mends it",
  () => {
    activities(`render ${folders()}`);
    const timer = join(toolkit.root, "systemd/active/watering.timer");
    writeFileSync(timer, readFileSync(timer, "utf8").replace(/^Persistent=.*$/m, "Persistent=true"));
    const { code, out } = activities(`check --files ${folders()}`, {});
    expect(code).toBe(1);
    expect(out).toMatch(
      /^systemd\/active\/watering\.timer:\d+: has Persistent=true, should have Persistent=false\n {2}scripts\/activity_definitions\.ts render --definitions /,
    );
    writeFileSync(
      timer,
      readFileSync(timer, "utf8").replace("Persistent=true", "Persistent=false").replace(/\n+/, "\nx\n"),
    );
    expect(activities(`check --files ${folders()}`, {}).out).toContain(
      "watering.timer:2: has x, should have nothing\n",
    );
  },
  WATCHDOG_MS,
);

test(
  "shows the files' part when no hub can be asked, and calls that neither good nor bad",
  () => {
    activities(`render ${folders()}`);
    const unset = activities(`check ${folders()}`, {});
    expect(unset.code).toBe(2);
    expect(unset.out).toContain("Checked 1 definition: units and CronJobs say the same.");
    expect(unset.out).toContain("The hub's table was not compared: DATABASE_URL is not set");
    expect(unset.out).toEndWith("Next: scripts/state_hub.ts status\n");
    expect(unset.err).toContain("Degraded: the hub's table was not compared");
    const away = activities(`check ${folders()}`, { DATABASE_URL: "postgres://hub:secret@127.0.0.1:9/hub" });
    expect(away.code).toBe(2);
    expect(away.out).toContain("ECONNREFUSED");
    expect(`${away.out}${away.err}`).not.toContain("secret");
    expect(activities(`check --files ${folders()}`, {}).code).toBe(0);
    writeFileSync(join(toolkit.root, "k8s/apps/cronjob-watering.yaml"), "x");
    expect(activities(`check ${folders()}`, {}).code).toBe(1);
  },
  WATCHDOG_MS,
);

test(
  "lists what is sound and names what is broken, with file and line; an instruction is asked of its script",
  () => {
    toolkit.write("a.md", definitionText({ timezone: "Europe/Berlin" }));
    toolkit.write("b.md", definitionText({ id: "x.b", instruction: "scripts/state_hub.ts repo lst" }));
    toolkit.write("c.md", definitionText({ id: "x.c", instruction: "scripts/nothing.ts" }));
    toolkit.write("d.md", definitionText({ id: "x.d", instruction: "scripts/consistency_check.ts --remot" }));
    toolkit.write("e.md", definitionText({ id: "x.e", instruction: "scripts/activity_definitions.ts check --file" }));
    const { code, out, err } = activities(`list --definitions ${toolkit.folder}`, {});
    expect([code, err]).toEqual([1, ""]);
    expect(out).toMatch(
      /^garden\.watering +\*\/15 \* \* \* \* +\d{4}-\d\d-\d\d \d\d:(00|15|30|45) +300 +yes +not asked$/m,
    );
    for (const file of ["a.md:7:1", "b.md:14:1", "c.md:14:1", "d.md:14:1", "e.md:14:1"]) {
      expect(out).toContain(`${toolkit.folder}/${file}: The`);
    }
    expect(out).toContain('no command of this toolkit: "repo lst"');
    expect(out).toContain("no command of this toolkit: scripts/nothing.ts");
    expect(out).toContain("--remot");
  },
  WATCHDOG_MS,
);

test(
  "renders and syncs what is sound, and exits with 1 for what is broken",
  () => {
    toolkit.write("broken.md", definitionText({ owner: "me" }));
    const rendered = activities(`render ${folders()}`);
    expect(rendered.code).toBe(1);
    expect(rendered.out).toContain("systemd/active/watering.timer");
    expect(rendered.out).toContain(`${toolkit.folder}/broken.md:15:1: The file has a key`);
    const synced = activities(`sync --definitions ${toolkit.folder} --json`);
    expect(synced.code).toBe(1);
    expect(JSON.parse(synced.out)).toMatchObject({
      schema_version: 1,
      rows: [{ name: "Watering", did: "added" }],
      problems: [{ line: 15, key: "owner" }],
    });
  },
  WATCHDOG_MS,
);

test(
  "finds that this toolkit's own units and CronJobs say what its definitions say",
  () => {
    const { code, out } = activities("check --files --json", {});
    expect(JSON.parse(out)).toMatchObject({ problems: [], differences: [], table: { state: "left_out" } });
    expect(code).toBe(0);
  },
  WATCHDOG_MS,
);
