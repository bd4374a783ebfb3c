// What only schedules type: --requires and --run-id, of the sweep here, of the sweep by a hub, and of the cleanup. A hub that is
// down is no failure and no silence; anything else that is wrong stays a failure.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CLEANUP, SWEEP } from "../../lib/activity/activity.ts";
import { environmentForPrograms } from "../../lib/config.ts";
import { hubKeyOf } from "../../lib/db/hub_key.ts";
import { Secret } from "../../lib/secret.ts";
import { emptyHub, fillHub } from "../lib/cleanup/stale_scene.ts";
import { type Ran, runCheck } from "../support/check_process.ts";
import { freePort } from "../support/free_port.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";
import { type SweptFleet, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 60_000;
const SCRIPTS = join(import.meta.dir, "../../scripts");
const REQUIRES = ["--requires", "state-hub.health"];
const SWEEP_FLAGS = ["--remote", "--all", "--json", "--source", "k8s-cronjob"];
let fleet: SweptFleet;
let home: string;
beforeAll(async () => {
  fleet = await sweptFleet();
  home = fleet.home;
  await fleet.add("good");
}, WATCHDOG);
afterAll(() => fleet.close());
beforeEach(async () => {
  await fleet.hub.database.sql`delete from activity.activity_runs`;
});
afterEach(() => {
  for (const folder of ["spool", "via"]) rmSync(join(home, folder), { recursive: true, force: true });
});

function changedUrl(change: (url: URL) => void): string {
  const url = new URL(fleet.hub.url);
  change(url);
  return url.href;
}

const sweep = (env: Record<string, string>, ...flags: string[]) =>
  runCheck([...SWEEP_FLAGS, ...flags], { STATE_HUB_HOME: home, HOME: fleet.userHome, ...env });

async function cleanup(env: Record<string, string>, ...flags: string[]): Promise<Pick<Ran, "code" | "out" | "err">> {
  const child = Bun.spawn([join(SCRIPTS, "bun"), join(SCRIPTS, "cleanup_stale_tasks.ts"), "--json", ...flags], {
    env: { ...environmentForPrograms(), STATE_HUB_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

interface Row {
  readonly run_id: string;
  readonly definition_id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly has_slot: boolean;
}

async function rows(): Promise<Row[]> {
  const found = await fleet.hub.database.sql<Row[]>`
    select run_id, definition_id, status, reason, scheduled_for is not null as has_slot
    from activity.activity_runs order by fired_at, run_id`;
  return [...found];
}

const spooled = () =>
  existsSync(join(home, "spool"))
    ? readdirSync(join(home, "spool")).flatMap((folder) => readdirSync(join(home, "spool", folder)))
    : [];

test(
  "a sweep and a cleanup whose database is away step aside; the next sweep of that database writes both down",
  async () => {
    const port = await freePort("127.0.0.1");
    const away = changedUrl((url) => {
      url.port = String(port);
    });
    const swept = await sweep({ DATABASE_URL: away }, ...REQUIRES);
    const cleaned = await cleanup({ DATABASE_URL: away }, "--apply", "--source", "local-timer", ...REQUIRES);
    for (const { code, out, err } of [swept, cleaned]) {
      expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("Degraded: skipped, state-hub.health: ") });
      expect(JSON.parse(out)).toMatchObject({ status: "skipped", reason: expect.stringContaining("ECONNREFUSED") });
    }
    expect(spooled()).toHaveLength(2);
    // The port is part of a hub's key: as if this one had come back there.
    const [folder = ""] = readdirSync(join(home, "spool"));
    const key = hubKeyOf({ kind: "url", url: new Secret(fleet.hub.url) });
    renameSync(join(home, "spool", folder), join(home, "spool", key ?? ""));
    expect((await sweep({ DATABASE_URL: fleet.hub.url }, ...REQUIRES)).code).toBe(0);
    const found = await rows();
    expect(found.map(({ definition_id, status, has_slot }) => [definition_id, status, has_slot])).toEqual([
      [SWEEP.definitionId, "succeeded", true],
      [CLEANUP.definitionId, "skipped", true],
    ]);
    expect(spooled()).toEqual([]);
  },
  WATCHDOG,
);

test(
  "what is wrong rather than away is a failure with --requires too",
  async () => {
    const wrong = changedUrl((url) => {
      url.password = "wrong";
    });
    const nowhere = changedUrl((url) => {
      url.pathname = "/no_such_database";
    });
    for (const env of [{ DATABASE_URL: wrong }, { DATABASE_URL: nowhere }, {}] as Record<string, string>[]) {
      const { code, report } = await sweep(env, ...REQUIRES);
      expect({ code, error: report().automation_error?.check ?? report().error?.kind }).toMatchObject({ code: 2 });
    }
  },
  WATCHDOG,
);

test(
  "both are for a sweep of all remotes alone, and --requires of a cleanup for one that acts",
  async () => {
    const id = Bun.randomUUIDv7();
    const wrong = [
      ["--all", ...REQUIRES],
      ["--remote", "--repo", "good", ...REQUIRES],
      ["--remote", "--all", "--dry-run", "--run-id", id],
      ["--remote", "--all", "--plan", "p.json", "--run-id", id],
      ["--remote", "--all", "--run-id", "not-a-uuid"],
      ["--remote", "--all", "--requires", "nats.health"],
    ];
    const env = { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: home };
    const codes = await Promise.all(wrong.map(async (args) => (await runCheck(args, env)).code));
    expect(codes).toEqual(wrong.map(() => 64));
    expect((await cleanup(env, ...REQUIRES)).code).toBe(64);
  },
  WATCHDOG,
);

test(
  "--run-id names the run, and a name that is taken is refused before anything is done",
  async () => {
    const id = Bun.randomUUIDv7();
    const env = { DATABASE_URL: fleet.hub.url };
    const first = await sweep(env, "--run-id", id.toUpperCase());
    expect({ code: first.code, report: JSON.parse(first.out) }).toMatchObject({ code: 0, report: { run_id: id } });
    expect((await rows()).map(({ run_id }) => run_id)).toEqual([id]);
    for (const more of [[], REQUIRES]) {
      const again = await sweep(env, "--run-id", id, ...more);
      expect({ code: again.code, err: again.err }).toEqual({
        code: 64,
        err: expect.stringContaining("which another run has"),
      });
    }
    expect(await rows()).toHaveLength(1);
  },
  WATCHDOG,
);

test(
  "by a hub: named as asked; where it is down, skipped, and kept only for a hub that this home has met",
  async () => {
    const port = await freePort("127.0.0.1");
    const serve = () => servedHub({ port }, { hub: fleet.hub, home });
    const via = ["--via", `http://127.0.0.1:${port}`, ...REQUIRES];
    const unmet = await sweep({}, ...via);
    expect({ code: unmet.code, err: unmet.err }).toEqual({
      code: 0,
      err: expect.stringContaining("the run is not kept: this home has never met that hub"),
    });
    const id = Bun.randomUUIDv7();
    let hub: ServedHub = await serve();
    const named = await sweep({}, ...via, "--run-id", id);
    expect(JSON.parse(named.out)).toMatchObject({ run_id: id, source: "k8s-cronjob" });
    await hub.close();
    const down = await sweep({}, ...via);
    expect({ code: down.code, kept: JSON.parse(down.out).kept }).toEqual({
      code: 0,
      kept: expect.stringContaining(join(home, "spool", "instance-")),
    });
    hub = await serve();
    expect((await sweep({}, ...via)).code).toBe(0);
    await hub.close();
    const told = await fleet.hub.database.sql`
      select context_snapshot -> 'run_ids' ? ${JSON.parse(down.out).run_id} as told from activity.activity_runs`;
    expect(told.some((row) => row.told)).toBe(true);
    expect(spooled()).toEqual([]);
  },
  WATCHDOG,
);

test(
  "a cleanup leaves its run with its changes; one that fails leaves that, and no change",
  async () => {
    await emptyHub(fleet.hub.database);
    await fillHub(fleet.hub.database, [{ task: "A-WP-0001-T01", unchanged: 40, orphaned: true }]);
    const env = { DATABASE_URL: fleet.hub.url };
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>();
    const holding = fleet.hub.database.transaction(async (tx) => {
      await tx`select from tasks for update`;
      isLocked();
      await released;
    });
    await locked;
    const flags = ["--apply", "--source", "local-timer", ...REQUIRES, "--max-seconds"];
    const late = await cleanup(env, ...flags, "1");
    release();
    await holding;
    expect(late.code).toBe(2);
    const [failed] = await rows();
    expect(failed).toMatchObject({ definition_id: CLEANUP.definitionId, status: "failed", has_slot: true });
    expect(failed?.reason).toMatch(/statement timeout|in time/);
    const done = await cleanup(env, ...flags, "60");
    expect(done.code).toBe(0);
    expect(await rows()).toMatchObject([{ definition_id: CLEANUP.definitionId, status: "succeeded", has_slot: true }]);
    expect((await cleanup(env)).code).toBe(0);
    expect(await rows()).toHaveLength(1);
  },
  WATCHDOG,
);
