// The backup's shipped units under a real systemd --user, in an ordinary account, by the blocks of the runbook: what the sandbox forbids
// to pg_dump, ssh, age or PostgreSQL's own server is found on the first night otherwise, or on the first Sunday.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { BACKUP, type BackupUnits, DRILL, makeBackupUnits, namesIn } from "../support/backup_units.ts";
import { stopped } from "../support/drill_faults_programs.ts";

const WATCHDOG = 60_000;
const TIMERS = ["state-hub-backup.timer", "state-hub-backup-drill.timer"];
const PASSED = { result: "success", code: 0 };
let units: BackupUnits;
beforeAll(async () => {
  units = await makeBackupUnits();
}, WATCHDOG);
afterAll(() => units?.remove(), WATCHDOG);

async function recorded(): Promise<string[]> {
  const found = await units.hub.database.sql<{ summary: string }[]>`
    select summary from progress_events where event_type = 'backup_restore_drill' order by created_at`;
  return found.map(({ summary }) => summary);
}

const STORES = [
  { kind: "a folder that they were let into", of: () => [units.folder, units.folder] },
  { kind: "another host by sftp", of: () => [units.sftp, units.remote] },
] as const;

test.each(STORES)(
  "a backup and its drill are done by their units in a store that is $kind",
  async ({ of }) => {
    const [store = "", there = ""] = of();
    units.tell(store);
    const [proven, events] = [units.evidence().length, (await recorded()).length];
    const backup = await units.fire("backup-by-unit", BACKUP);
    expect(backup).toEqual({ ...PASSED, said: expect.stringContaining(` in ${store}, encrypted for age1`) });
    const [id = "", ...more] = namesIn(there);
    expect(more).toEqual([]);
    expect(namesIn(join(there, id))).toContain("manifest.json");

    const drill = await units.fire("drill-by-unit", DRILL);
    expect(drill).toEqual({ ...PASSED, said: expect.stringContaining(`from the encrypted backup ${id}.`) });
    expect(drill.said).not.toMatch(/not on record|No progress event/);
    expect(units.evidence().map(({ verdict }) => verdict)).toEqual(Array(proven + 1).fill("passed"));
    expect((await recorded()).slice(events)).toEqual(["passed: restored from a store"]);
    expect(units.leftovers()).toEqual([]);
    const password = new URL(units.hub.url).password;
    expect(backup.said + drill.said).not.toContain(password);
  },
  WATCHDOG,
);

test(
  "a unit that is stopped in the middle of its work takes away what it had begun",
  async () => {
    const { state, sftp, remote, systemctl, tell } = units;
    // Its programs are found by that.
    tell(sftp, { STATE_HUB_HOME: state });
    if (namesIn(remote).length === 0) await units.fire("backup-by-unit", BACKUP);
    const whole = namesIn(remote);
    for (const [unit, program] of [
      [BACKUP, "pg_dump"],
      [DRILL, "pg_restore"],
    ] as const) {
      await systemctl("start", "--no-block", unit);
      await stopped(state, program);
      if (unit === BACKUP) expect(namesIn(remote)).toHaveLength(whole.length + 1);
      await systemctl("stop", unit);
      // By itself: TimeoutStopSec= would end it without its leave, as `timeout`.
      const stop = { result: "exit-code", code: 143, said: expect.stringContaining("Stopped by SIGTERM") };
      expect(await units.lastRun(unit)).toMatchObject(stop);
      expect([namesIn(remote), units.leftovers()]).toEqual([whole, []]);
    }
  },
  WATCHDOG,
);

test(
  "a store that is away, not let in or not known fails the unit, and its log says why",
  async () => {
    const { tell, start, sftp, folder, home, state } = units;
    const before = await recorded();
    tell(sftp.replace(/:\d+\//, ":9/"));
    const words = "Could not connect by ssh: nothing listens on the port";
    const failed = (said: RegExp | string) => ({ result: "exit-code", code: 2, said: expect.stringMatching(said) });
    expect(await start(BACKUP)).toEqual(failed(words));
    expect(await start(DRILL)).toEqual(failed(words));
    expect((await recorded()).slice(before.length)).toEqual(["could_not_verify: restored from a store"]);
    tell(join(home, "elsewhere"));
    expect(await start(BACKUP)).toEqual(failed("Could not open the store: it can only be read"));
    // A disk that is not mounted.
    renameSync(join(home, "disk"), join(home, "no disk"));
    tell(folder);
    expect(await start(BACKUP)).toEqual(failed("Could not open the store: it is not there"));
    renameSync(join(home, "no disk"), join(home, "disk"));
    // With the machine's own configuration alone, which in the sandbox is nobody's: ssh reads it all the same.
    renameSync(join(state, "ssh"), join(home, "ssh"));
    tell(sftp);
    expect(await start(BACKUP)).toEqual(failed(/no key: |Could not trust the host/));
    renameSync(join(home, "ssh"), join(state, "ssh"));
    expect([units.leftovers(), existsSync(join(home, "elsewhere"))]).toEqual([[], false]);
  },
  WATCHDOG,
);

test(
  "the timers wait for their hour once they are enabled, and are gone when they are disabled",
  async () => {
    const { follow, systemctl } = units;
    const runs = () => systemctl("show", "--property=ExecMainStartTimestampMonotonic", BACKUP, DRILL);
    const before = await runs();
    await follow("enable-timers", "look-timers");
    expect((await systemctl("is-enabled", ...TIMERS)).stdout).toBe("enabled\nenabled\n");
    // Persistent=: a timer that never was is not late.
    expect(await runs()).toEqual(before);
    await follow("disable-timers");
    // As the page has it.
    await systemctl("reset-failed");
    expect((await systemctl("is-active", ...TIMERS)).stdout).toBe("inactive\ninactive\n");
    expect((await systemctl("list-timers", "state-hub-backup*")).stdout).not.toContain("left");
    await follow("link-units");
    expect((await systemctl("is-enabled", ...TIMERS)).stdout).toBe("linked\nlinked\n");
  },
  WATCHDOG,
);
