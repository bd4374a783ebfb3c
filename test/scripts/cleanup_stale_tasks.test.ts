// cleanup_stale_tasks.ts as an operator types it: a preview by default, what it says to type next, and its exit codes.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { emptyHub, fillHub, statusesOf } from "../lib/cleanup/stale_scene.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const WATCHDOG_MS = 50_000;
let hub: TestHub;
let ids: readonly string[];
beforeAll(async () => {
  hub = await freshHub();
}, WATCHDOG_MS);
afterAll(() => hub.close());
beforeEach(async () => {
  await emptyHub(hub.database);
  ids = Object.values(await fillHub(hub.database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]));
});

function cleanup(args: readonly string[], env: Record<string, string> = { DATABASE_URL: hub.url }) {
  const argv = [join(SCRIPTS, "bun"), join(SCRIPTS, "cleanup_stale_tasks.ts"), ...args];
  const ran = Bun.spawnSync(argv, { env: { ...environmentForPrograms(), ...env }, timeout: WATCHDOG_MS });
  return { code: ran.exitCode, out: ran.stdout.toString(), err: ran.stderr.toString() };
}

test(
  "shows what is stale, changes nothing, and says how to act; --apply does it",
  async () => {
    const preview = cleanup(["--days", "35"]);
    expect(preview).toMatchObject({ code: 0, err: "" });
    expect(preview.out).toContain("A-WP-0001-T01  Do A-WP-0001-T01  a:A-WP-0001  todo");
    expect(preview.out).toContain("Preview, nothing was changed: would cancel 1 task in 1 repository");
    expect(preview.out).toEndWith("Next: scripts/cleanup_stale_tasks.ts --days 35 --apply\n");
    expect(await statusesOf(hub.database, ids)).toEqual({ "A-WP-0001-T01": "todo" });
    const applied = cleanup(["--days", "35", "--apply"]);
    expect(applied).toMatchObject({ code: 0, err: "" });
    expect(applied.out).toContain(
      "Cancelled 1 task in 1 repository, unchanged for 35 days\nNext: scripts/state_hub.ts ",
    );
    expect(await statusesOf(hub.database, ids)).toEqual({ "A-WP-0001-T01": "cancelled" });
    expect(cleanup([]).out).toContain("No task without a file is unchanged for 30 days: nothing to cancel.");
  },
  WATCHDOG_MS,
);

test(
  "prints one document with --json, and keeps the same as its progress event",
  async () => {
    const { code, out } = cleanup(["--json", "--apply", "--source", "local-timer"]);
    const { schema_version, ...report } = JSON.parse(out);
    expect({ code, schema_version }).toEqual({ code: 0, schema_version: 1 });
    expect(Object.keys(report)).toEqual([
      "run_id",
      "source",
      "days",
      "applied",
      "as_of",
      "tasks",
      "counts",
      "truncated",
    ]);
    const [kept] = await hub.database.sql`select id, source, detail from progress_events`;
    expect({ ...kept }).toEqual({ id: report.run_id, source: "local-timer", detail: report });
  },
  WATCHDOG_MS,
);

test(
  "exits 64 for days that are none, and 2 without a hub",
  () => {
    for (const days of ["0", "3651", "many"]) expect(cleanup(["--days", days]).code).toBe(64);
    expect(cleanup([], { DATABASE_URL: "" })).toMatchObject({ code: 2, out: "" });
  },
  WATCHDOG_MS,
);
