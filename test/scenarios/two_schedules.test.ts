// Two schedules at once, for real: a timer of a user manager, and a loop that plays the CronJob, both over one small fleet on a
// grid of seconds. The test keeps its own account, from what each run printed, and the comparison must say the same.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { compareInDatabase } from "../../lib/compare/compare_in_database.ts";
import type { SlotOutcome } from "../../lib/compare/comparison.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { observer, startSweep } from "../support/held_pushes.ts";
import { type SweptFleet, sweptFleet } from "../support/swept_fleet.ts";
import { startUserManager, type UserManager } from "../support/user_manager.ts";

const WATCHDOG = 150_000;
const PERIOD_MS = 4_000;
/** The CronJob, behind the timer. */
const BEHIND_MS = 1_500;
const CRON = "*/4 * * * * *";
const [TIMER, CRONJOB] = ["local-timer", "k8s-cronjob"] as const;
const UNIT = "two-schedules";

let fleet: SweptFleet;
let manager: UserManager;
beforeAll(async () => {
  [fleet, manager] = await Promise.all([sweptFleet(), startUserManager()]);
  for (const slug of ["one", "two"]) await fleet.add(slug);
  expect((await fleet.sweep({ source: "manual" })).report.automation_error).toBeNull();
  await fleet.hub.database.sql`
    insert into activity.activity_definitions (id, name, definition, digest)
    values (${SWEEP_DEFINITION_ID}, 'State Hub Consistency Sweep', ${JSON.stringify({ trigger: { cron: CRON } })}::text::jsonb, '')`;
  installUnits();
}, WATCHDOG);
afterAll(async () => {
  await manager?.stop();
  await fleet?.close();
}, WATCHDOG);

/** A timer that fires on the grid, and the sweep as its service; what it prints is kept. */
function installUnits(): void {
  const units = join(manager.home, ".config/systemd/user");
  mkdirSync(units, { recursive: true });
  const settings = [`DATABASE_URL=${fleet.hub.url}`, `STATE_HUB_HOME=${fleet.home}`];
  writeFileSync(join(manager.home, "env"), `${settings.join("\n")}\n`, { mode: 0o600 });
  const service = [
    "[Service]",
    "Type=oneshot",
    "EnvironmentFile=%h/env",
    `ExecStart=%h/state-hub-ops/scripts/consistency_check.ts --remote --all --json --source ${TIMER}`,
    "StandardOutput=append:%h/printed",
    "StandardError=append:%h/said",
  ];
  const timer = ["[Timer]", "OnCalendar=*-*-* *:*:00/4 UTC", "AccuracySec=1us", "Persistent=false"];
  writeFileSync(join(units, `${UNIT}.service`), `${service.join("\n")}\n`);
  writeFileSync(join(units, `${UNIT}.timer`), `${timer.join("\n")}\n`);
}

interface Printed {
  readonly source: string;
  readonly started_at: string;
  readonly lock_skipped: boolean;
  readonly automation_error: object | null;
}

/** What runs of both have printed so far. */
function printedSoFar(): Printed[] {
  return [join(manager.home, "printed"), join(fleet.folder, "printed")].flatMap((file) =>
    existsSync(file) ? documentsIn(readFileSync(file, "utf8")) : [],
  );
}

/** JSON documents, one after the other; the last one may not be whole yet. */
function documentsIn(text: string): Printed[] {
  return text.split(/(?<=^\})\n/m).flatMap((part) => {
    try {
      return [JSON.parse(part) as Printed];
    } catch {
      return [];
    }
  });
}

const slotOf = (iso: string) => Math.floor(Date.parse(iso) / PERIOD_MS) * PERIOD_MS;

/** The test's own account of a source in a slot. */
function accountOf(source: string, slot: number, printed = printedSoFar()): SlotOutcome {
  const run = printed.find((each) => each.source === source && slotOf(each.started_at) === slot);
  if (run === undefined) return "missed";
  if (run.automation_error !== null) return "failed";
  return run.lock_skipped ? "lock_skipped" : "completed";
}

/** The moment is what is waited for: a slot of the schedule that the test plays. */
function reached(at: number): Promise<unknown> {
  return waitUntil({ forWhat: new Date(at).toISOString(), deadlineMs: 60_000, intervalMs: 5 }, () =>
    Date.now() >= at ? { found: true } : { seen: "earlier" },
  );
}

function printedIn(slot: number, sources: readonly string[]): Promise<unknown> {
  return waitUntil(
    { forWhat: `${sources.join(" and ")} in ${new Date(slot).toISOString()}`, deadlineMs: 30_000 },
    () => {
      const outcomes = sources.map((source) => accountOf(source, slot));
      return outcomes.includes("missed") ? { seen: outcomes.join(" ") } : { found: true };
    },
  );
}

const running: Promise<unknown>[] = [];

/** The CronJob fires. */
function fireCronJob(env: Record<string, string> = {}): void {
  const sweep = startSweep(fleet, ["--source", CRONJOB], env);
  running.push(sweep.ended.then(({ out }) => appendFileSync(join(fleet.folder, "printed"), out)));
}

/** What happens in which slot after the first; in any other one both fire. */
const LOCK_IS_HELD = 4;
const CRONJOB_IS_MISSED = 6;
const CRONJOB_FAILS = 9;
const TIMER_IS_PAUSED = [9, 10];
const LAST = 12;

async function playSchedules(first: number): Promise<void> {
  const locks = await observer(fleet);
  const at = (slot: number) => first + slot * PERIOD_MS;
  const notADirectory = join(fleet.folder, "printed");
  try {
    for (let slot = 0; slot <= LAST; slot++) {
      if (slot === LOCK_IS_HELD)
        await waitUntil({ forWhat: "the fleet's lock", deadlineMs: 30_000 }, async () =>
          (await locks.tryLock("state-hub:fleet")) ? { found: true } : { seen: "held" },
        );
      // Later than the timer: they overlap where the lock is held, and not by chance.
      await reached(at(slot) + BEHIND_MS);
      const isLate = Date.now() > at(slot) + 2 * BEHIND_MS;
      if (slot !== CRONJOB_IS_MISSED && !isLate)
        fireCronJob(slot === CRONJOB_FAILS ? { STATE_HUB_HOME: notADirectory } : {});
      if (slot === LOCK_IS_HELD) {
        await printedIn(at(slot), [TIMER, CRONJOB]);
        await locks.unlock("state-hub:fleet");
      }
      if (slot + 1 === TIMER_IS_PAUSED[0]) await afterwards(at(slot), "stop");
      if (slot === TIMER_IS_PAUSED.at(-1)) await afterwards(at(slot), "start");
    }
  } finally {
    await locks.close();
  }
}

async function afterwards(slot: number, act: "start" | "stop"): Promise<void> {
  await printedIn(slot, act === "stop" ? [TIMER] : [CRONJOB]);
  expect((await manager.systemctl(act, `${UNIT}.timer`)).exitCode).toBe(0);
}

async function compared(first: number) {
  const hours = (Date.now() - first + PERIOD_MS / 2) / 3_600_000;
  const terms = { hours, baseline: TIMER, candidate: CRONJOB, definitionId: SWEEP_DEFINITION_ID, schedule: CRON };
  return compareInDatabase(fleet.hub.database.sql, terms);
}

test(
  "compareInDatabase() counts what a real timer and a loop that plays the CronJob did, slot by slot",
  async () => {
    const first = (Math.floor(Date.now() / PERIOD_MS) + 1) * PERIOD_MS;
    await reached(first - 1_000);
    expect((await manager.systemctl("daemon-reload")).exitCode).toBe(0);
    expect((await manager.systemctl("start", `${UNIT}.timer`)).exitCode).toBe(0);
    await playSchedules(first);
    expect((await manager.systemctl("stop", `${UNIT}.timer`)).exitCode).toBe(0);
    await Promise.all(running);
    await waitUntil({ forWhat: "the timer's last run to end", deadlineMs: 30_000, intervalMs: 50 }, async () => {
      const { stdout } = await manager.systemctl("show", "--property=ActiveState", "--value", `${UNIT}.service`);
      return /^(inactive|failed)/.test(stdout) ? { found: true } : { seen: stdout };
    });
    await reached(first + (LAST + 1) * PERIOD_MS + 50);
    const { verdict, reasons, slots, sources } = await compared(first);

    const printed = printedSoFar();
    for (const source of [TIMER, CRONJOB]) {
      const account = slots.map((slot) => accountOf(source, Date.parse(slot), printed));
      const count = (outcome: SlotOutcome) => account.filter((each) => each === outcome).length;
      expect(sources[source]).toMatchObject({
        strip: account,
        expected: slots.length,
        fired: slots.length - count("missed"),
        completed: count("completed"),
        lock_skipped: count("lock_skipped"),
        missed: count("missed"),
        automation_errors: count("failed"),
        off_grid: 0,
        assessment: {},
        repos_covered: 2,
      });
    }
    // Each of what was to happen did happen.
    const of = (source: string, slot: number) => sources[source]?.strip[slot];
    expect(slots[0]).toBe(new Date(first).toISOString());
    expect([of(TIMER, LOCK_IS_HELD), of(CRONJOB, LOCK_IS_HELD)]).toEqual(["lock_skipped", "lock_skipped"]);
    expect([of(CRONJOB, CRONJOB_IS_MISSED), of(CRONJOB, CRONJOB_FAILS)]).toEqual(["missed", "failed"]);
    expect(TIMER_IS_PAUSED.map((slot) => of(TIMER, slot))).toEqual(["missed", "missed"]);
    expect(Object.keys(sources)).toEqual([CRONJOB, TIMER]);
    expect([verdict, reasons[0]]).toEqual([
      "not_ready",
      `${CRONJOB} fired in ${sources[CRONJOB]?.fired} of ${slots.length} slots (${Math.floor(((sources[CRONJOB]?.fired ?? 0) * 1000) / slots.length) / 10} %); at least 95 % are wanted`,
    ]);
    expect(reasons[1]).toBe(`${CRONJOB} has more automation errors than ${TIMER}: 1 and 0`);
  },
  WATCHDOG,
);
