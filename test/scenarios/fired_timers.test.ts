// The shipped units under a real systemd --user: a timer that fires every few seconds, a hub that is a unit beside it, and real
// sweeps. Each firing is one row in its slot; a run that hangs is ended; a hub that is down is told of later.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "../support/free_port.ts";
import { type SweptFleet, sweptFleet } from "../support/swept_fleet.ts";
import { dropInPath, startUserManager, type UserManager } from "../support/user_manager.ts";

const WATCHDOG = 60_000;
const ACTIVE = join(import.meta.dir, "../../systemd/active");
const [SERVICE, TIMER] = ["state-hub-consistency-sweep.service", "state-hub-consistency-sweep.timer"];
/** Seconds between two slots: longer than a sweep takes on a busy machine. */
const PERIOD_S = 4;
let fleet: SweptFleet;
let manager: UserManager;
let home: string;
let at: string;
beforeAll(async () => {
  [fleet, manager] = [await sweptFleet(), await startUserManager()];
  for (const slug of ["good", "better"]) await fleet.add(slug);
  const port = await freePort("127.0.0.1");
  [home, at] = [join(manager.home, ".local/state/state-hub"), `http://127.0.0.1:${port}`];
  for (const path of [home, join(manager.home, ".config/state-hub")]) mkdirSync(path, { recursive: true });
  const env = { DATABASE_URL: fleet.hub.url, STATE_HUB_HOME: home, STATE_HUB_URL: at, HOME: fleet.userHome };
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(manager.home, ".config/state-hub/env"), lines.join(""), { mode: 0o600 });
  const serve = `%h/state-hub-ops/scripts/state_hub.ts serve --port ${port}`;
  dropIn("state-hub.service", `[Service]\nExecStart=\nExecStart=${serve}\n`);
  await systemctl("link", ...["state-hub.service", SERVICE, TIMER].map((unit) => join(ACTIVE, unit)));
  await startHub();
  // The first of all reads every file.
  serviceDropIn();
  await systemctl("daemon-reload");
  await systemctl("start", SERVICE);
  const definition = { trigger: { cron: `*/${PERIOD_S} * * * * *` } };
  await fleet.hub.database.sql`
    insert into activity.activity_definitions (id, name, definition, enabled, digest)
    values (${SWEEP_DEFINITION_ID}, 'a grid of seconds', ${JSON.stringify(definition)}::text::jsonb, true, 'none')`;
}, WATCHDOG);
afterAll(async () => {
  await manager.stop();
  await fleet.close();
}, WATCHDOG);
beforeEach(async () => {
  await manager.systemctl("stop", TIMER, SERVICE);
  serviceDropIn();
  dropIn(TIMER, `[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:00/${PERIOD_S} UTC\n`);
  await systemctl("daemon-reload");
  await manager.systemctl("reset-failed");
  await fleet.hub.database.sql`truncate activity.activity_runs, progress_events cascade`;
}, WATCHDOG);

function dropIn(unit: string, text: string): void {
  writeFileSync(dropInPath(manager.home, unit), text);
}

/** A test's home is in /tmp, where no account's is. */
const serviceDropIn = (text = "") => dropIn(SERVICE, `[Service]\nPrivateTmp=no\n${text}`);

async function systemctl(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await manager.systemctl(...args);
  if (exitCode !== 0) throw new Error(`systemctl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const shown = async (unit: string, property: string) =>
  (await systemctl("show", `--property=${property}`, "--value", unit)).trim();

async function startHub(): Promise<void> {
  await systemctl("start", "state-hub.service");
  await waitUntil({ forWhat: "the hub to answer", deadlineMs: 30_000 }, async () => {
    const answer = await fetch(`${at}/state/health`).catch(String);
    return typeof answer !== "string" && answer.ok ? { found: true } : { seen: String(answer) };
  });
}

/** Until systemd has ended it, one way or the other. */
const ended = () =>
  waitUntil({ forWhat: "the service to end", deadlineMs: 30_000 }, async () => {
    const state = await shown(SERVICE, "ActiveState");
    return state === "inactive" || state === "failed" ? { found: state } : { seen: state };
  });

interface Row {
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly slot: number;
  readonly fired: number;
  readonly swept: number | null;
}

async function rows(): Promise<Row[]> {
  const found = await fleet.hub.database.sql<Row[]>`
    select status, reason, attempts, extract(epoch from scheduled_for)::float8 as slot, extract(epoch from fired_at)::float8 as fired,
      (context_snapshot #>> '{consistency_sweep_remote_all,repos_total}')::int as swept
    from activity.activity_runs where source = 'local-timer' order by fired_at`;
  return [...found];
}

const rowsSoFar = (count: number) =>
  waitUntil({ forWhat: `${count} runs`, deadlineMs: 40_000 }, async () => {
    const found = await rows();
    return found.length >= count ? { found } : { seen: JSON.stringify(found) };
  });

/** Where a run leaves its event, it waits. @returns what lets it go on */
async function lockEvents(): Promise<() => Promise<void>> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>();
  const holding = fleet.hub.database.transaction(async (tx) => {
    await tx`lock table progress_events in access exclusive mode`;
    isLocked();
    await released;
  });
  await locked;
  return () => {
    release();
    return holding;
  };
}

test(
  "each firing of the timer is one sweep by the hub, and one row in its slot",
  async () => {
    // Its own account of when it was fired.
    serviceDropIn(`ExecStartPre=/bin/sh -c 'date +%%s >> "$$STATE_HUB_HOME/fired"'\n`);
    await systemctl("daemon-reload");
    await systemctl("start", TIMER);
    await rowsSoFar(3);
    await systemctl("stop", TIMER);
    await ended();
    const fired = readFileSync(join(home, "fired"), "utf8").trimEnd().split("\n").map(Number);
    const found = await rows();
    expect(found.map(({ slot }) => slot)).toEqual(fired.map((second) => second - (second % PERIOD_S)));
    expect(new Set(found.map(({ slot }) => slot)).size).toBe(found.length);
    for (const row of found) expect(row).toMatchObject({ status: "succeeded", reason: null, attempts: 1, swept: 2 });
    const [events] = await fleet.hub.database.sql`
      select count(*)::int as n from progress_events where event_type = 'consistency_sweep_remote_all'`;
    expect(events?.n).toBe(found.length);
  },
  WATCHDOG,
);

test(
  "a run that hangs keeps the timer from starting another, is ended by TimeoutStartSec, and the next one records it",
  async () => {
    const direct = "%h/state-hub-ops/scripts/consistency_check.ts --remote --all --source local-timer";
    const noted = `/bin/sh -c 'date +%%s >> "$$STATE_HUB_HOME/begun"; exec ${direct}'`;
    serviceDropIn(`ExecStart=\nExecStart=${noted}\nTimeoutStartSec=8s\nTimeoutStopSec=1s\n`);
    dropIn(TIMER, "[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:00/2 UTC\n");
    await systemctl("daemon-reload");
    const release = await lockEvents();
    const begun = () => (existsSync(join(home, "begun")) ? readFileSync(join(home, "begun"), "utf8").split("\n") : []);
    try {
      await systemctl("start", TIMER);
      await waitUntil({ forWhat: "two more slots to pass", deadlineMs: 20_000 }, () => {
        const [first = ""] = begun();
        return first !== "" && Date.now() / 1_000 > Number(first) + 5 ? { found: true } : { seen: first };
      });
      expect(await shown(SERVICE, "ActiveState")).toBe("activating");
      expect(begun()).toHaveLength(2);
      await systemctl("stop", TIMER);
      expect(await ended()).toBe("failed");
      expect(await shown(SERVICE, "Result")).toBe("timeout");
    } finally {
      await release();
    }
    await systemctl("start", SERVICE);
    const found = await rows();
    expect(found.map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect(found[0]?.reason).toContain("it never ended: pid ");
  },
  WATCHDOG,
);

test(
  "with the hub down the unit succeeds, and its run is a skipped row in its slot when the hub is back",
  async () => {
    await systemctl("stop", "state-hub.service");
    await systemctl("start", SERVICE);
    const firedBy = Date.now() / 1_000;
    expect(await shown(SERVICE, "Result")).toBe("success");
    expect(await rows()).toEqual([]);
    const [folder = ""] = readdirSync(join(home, "spool")).filter((name) => name.startsWith("instance-"));
    expect(readdirSync(join(home, "spool", folder))).toHaveLength(1);
    await startHub();
    await waitUntil({ forWhat: "another slot", deadlineMs: 10_000 }, () =>
      Date.now() / 1_000 > firedBy + PERIOD_S ? { found: true } : { seen: new Date().toISOString() },
    );
    await systemctl("start", SERVICE);
    const [skipped, ...more] = await rows();
    expect(skipped).toMatchObject({
      status: "skipped",
      reason: expect.stringMatching(/^state-hub\.health: /),
      swept: null,
    });
    expect((skipped?.slot ?? 0) % PERIOD_S).toBe(0);
    expect(Math.abs((skipped?.fired ?? 0) - firedBy)).toBeLessThan(10);
    expect(more.map(({ status }) => status)).toEqual(["succeeded"]);
    expect(readdirSync(join(home, "spool", folder))).toEqual([]);
  },
  WATCHDOG,
);

test(
  "wrong usage fails the unit, and says so",
  async () => {
    serviceDropIn("ExecStart=\nExecStart=%h/state-hub-ops/scripts/consistency_check.ts --no-such-flag\n");
    await systemctl("daemon-reload");
    expect((await manager.systemctl("start", SERVICE)).exitCode).not.toBe(0);
    expect([await shown(SERVICE, "Result"), await shown(SERVICE, "ExecMainStatus")]).toEqual(["exit-code", "64"]);
  },
  WATCHDOG,
);

test(
  "a slot that passes while the machine is off is missed: nothing is made up when it is back",
  async () => {
    const slot = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_000);
    const calendar = slot.toISOString().replace("T", " ").slice(0, 19);
    dropIn(TIMER, `[Timer]\nOnCalendar=\nOnCalendar=${calendar} UTC\nOnCalendar=2199-01-01 00:00:00 UTC\n`);
    await systemctl("daemon-reload");
    await systemctl("enable", "--now", TIMER);
    expect(await shown(TIMER, "NextElapseUSecRealtime")).toContain(calendar);
    await manager.halt();
    await waitUntil({ forWhat: "the slot to pass", deadlineMs: 10_000 }, () =>
      Date.now() > slot.getTime() + 1_000 ? { found: true } : { seen: new Date().toISOString() },
    );
    await manager.resume();
    expect(await shown(TIMER, "ActiveState")).toBe("active");
    expect(await shown(TIMER, "NextElapseUSecRealtime")).toContain("2199-01-01");
    // Never since that manager's start.
    expect(await shown(SERVICE, "InactiveExitTimestampMonotonic")).toBe("0");
    expect(await rows()).toEqual([]);
  },
  WATCHDOG,
);
