// activity_definitions.ts as an operator types it: what it shows, what it says to type next, and its exit codes.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { definitionText, toolkitWith } from "../lib/activity/definition_folder.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const WATCHDOG_MS = 50_000;
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

test(
  "goes from a definition to files and rows, each step named by the one before",
  () => {
    const unchecked = activities(`check ${folders()}`);
    expect(unchecked.code).toBe(1);
    expect(unchecked.out).toContain(`systemd/active/watering.timer: is missing`);
    expect(unchecked.out).toContain("activity_definitions, Watering: is missing: should have a row");
    expect(unchecked.out).toEndWith(`Next: scripts/activity_definitions.ts render --dry-run ${folders()}\n`);
    const dry = activities(`render --dry-run ${folders()}`);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toEndWith(`Next: scripts/activity_definitions.ts render ${folders()}\n`);
    expect(activities(`render ${folders()}`).code).toBe(0);
    const half = activities(`check ${folders()}`);
    expect(half.code).toBe(1);
    expect(half.out).not.toContain("watering.timer");
    expect(half.out).toEndWith(`Next: scripts/activity_definitions.ts sync --dry-run ${folders()}\n`);
    expect(activities(`sync --definitions ${toolkit.folder} --dry-run`).out).toContain("added");
    expect(activities(`sync --definitions ${toolkit.folder}`).code).toBe(0);
    expect(activities(`list --definitions ${toolkit.folder}`).out).toMatch(/^garden\.watering .* same$/m);
    const clean = activities(`check ${folders()}`);
    expect(clean).toMatchObject({ code: 0, err: "" });
    expect(clean.out).toContain("Checked 1 definition: units, CronJobs and the hub's table say the same.");
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
