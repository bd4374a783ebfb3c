// What PostgreSQL can do to a run of the main job. Each time: exit 2 with C-00 and what to do, in text and as one JSON
// document; nothing half done; and the next run ends where an undisturbed one does.
import { describe, expect, test } from "bun:test";
import { rmSync, statfsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../lib/config.ts";
import { guardOrphans } from "../../lib/consistency/orphan_guard.ts";
import { Database, openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { embeddedStatus } from "../../lib/postgres/embedded_status.ts";
import { freePort } from "../../lib/postgres/free_port.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { Secret } from "../../lib/secret.ts";
import { type Ran, runCheck, startCheck } from "../support/check_process.ts";
import { disturbedFleet } from "../support/disturbed_fleet.ts";
import { probe, removeHome, temporaryHome } from "../support/embedded_home.ts";
import { registerFleet } from "../support/fleet.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { expectConverged } from "../support/killed_runs.ts";
import { preparedHome } from "../support/prepared_home.ts";
import { relayTo } from "../support/tcp_relay.ts";

const WATCHDOG = 120_000;
const PASSWORD = "open-sesame";
const ALL = ["--all", "--json"];
const disturbed = disturbedFleet();
const { registered } = disturbed;

function urlWith(url: string, change: Partial<URL>): string {
  return Object.assign(new URL(url), change).href;
}

/** @param says what a person must be able to read about it, in both forms */
function expectAutomationError(ran: Ran, says: RegExp): void {
  expect({ code: ran.code, out: ran.out, err: ran.err }).toMatchObject({ code: 2 });
  const { exit_code, automation_error } = ran.report();
  expect({ exit_code, check: automation_error?.check }).toEqual({ exit_code: 2, check: "C-00" });
  expect(automation_error?.message).toMatch(says);
  expect(ran.out + ran.err).not.toContain(PASSWORD);
}

async function adminOf<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Every repository's rows are all there or not there at all. */
async function expectNothingHalfDone(hub: { readonly database: Database }): Promise<void> {
  const rows = await hub.database.sql<{ slug: string; rows: string }[]>`
    select r.slug, concat_ws('/', count(distinct w.id), count(distinct t.id), count(distinct b.row_id),
      (select count(*) from workplan_files f where f.repo_id = r.id), (select count(*) from writeback_intents i where i.repo_id = r.id)) as rows
    from repos r left join workstreams w on w.repo_id = r.id left join tasks t on t.repo_id = r.id
    left join sync_base b on b.row_id in (w.id, t.id) group by r.id order by r.slug`;
  for (const row of rows) expect(["3/9/12/3/12", "0/0/0/0/0"]).toContain(row.rows);
}

describe("consistency_check.ts without a hub to talk to", () => {
  const unusable: readonly { what: string; url: (hub: TestHub) => string; says: RegExp; hint: RegExp }[] = [
    {
      what: "PostgreSQL is down",
      url: ({ url }) => urlWith(url, { port: String(freePort()), password: PASSWORD }),
      says: /Could not connect.*ECONNREFUSED/,
      hint: /No server answers there/,
    },
    {
      what: "the password is wrong",
      url: ({ url }) => urlWith(url, { password: PASSWORD }),
      says: /Could not connect.*28P01/,
      hint: /password is wrong/,
    },
    {
      what: "the database is missing",
      url: ({ url }) => urlWith(url, { pathname: "/nowhere" }),
      says: /Could not connect.*3D000/,
      hint: /createdb/,
    },
  ];
  for (const { what, url, says, hint } of unusable) {
    test(`says that ${what}, in text and as JSON, without the password`, async () => {
      const DATABASE_URL = url(await registered());
      const json = await runCheck(ALL, { DATABASE_URL });
      expectAutomationError(json, says);
      const text = await runCheck(["--all"], { DATABASE_URL });
      expect(text.code).toBe(2);
      const said = text.out + text.err;
      expect(said).toContain("C-00");
      expect(said).toMatch(hint);
      expect(said).not.toContain(PASSWORD);
    });
  }

  test("names both ways on when there is no DATABASE_URL", async () => {
    const ran = await runCheck(ALL, {});
    expectAutomationError(ran, /DATABASE_URL is not set/);
    expect(ran.out).toContain("postgres://USER@HOST:PORT/DATABASE");
    expect(ran.out).toContain("embedded");
  });

  test("calls a DATABASE_URL that is no URL wrong usage, and doesn't print it", async () => {
    const ran = await runCheck(ALL, { DATABASE_URL: `localhost:5432/${PASSWORD}` });
    expect({ code: ran.code, error: ran.report().error }).toMatchObject({ code: 64, error: { kind: "usage" } });
    expect(ran.out + ran.err).not.toContain(PASSWORD);
  });

  test("says that the schema is missing, and what to type", async () => {
    const hub = await freshHub();
    disturbed.closeLater(hub);
    await hub.database.sql`drop table schema_migrations`;
    const ran = await runCheck(["--all"], { DATABASE_URL: hub.url });
    expect(ran.code).toBe(2);
    expect(ran.out + ran.err).toContain("scripts/state_hub.ts migrate");
  });
});

describe("consistency_check.ts on a hub that refuses it", () => {
  test("says that the server is read-only, writes nothing, and converges when it is not", async () => {
    const hub = await registered();
    const name = new URL(hub.url).pathname.slice(1);
    await hub.database.sql.unsafe(`alter database ${name} set default_transaction_read_only = on`);
    expectAutomationError(await runCheck(ALL, { DATABASE_URL: hub.url }), /read-only transaction.*25006/);
    await adminOf(hub.url, (sql) =>
      sql`set default_transaction_read_only = off`.then(() =>
        sql.unsafe(`alter database ${name} reset default_transaction_read_only`),
      ),
    );
    await expectConverged(hub, disturbed.wanted, "read-only");
  });

  // A role that is no superuser: the limits don't hold for those.
  for (const limit of [0, 2]) {
    test(`says that there is no connection left with ${limit} allowed, and converges when there are`, async () => {
      const hub = await registered();
      const role = `limited_${limit}_${process.pid}`;
      const { sql } = hub.database;
      await sql.unsafe(`create role ${role} login password '${PASSWORD}' connection limit ${limit}`);
      await sql.unsafe(`grant all on all tables in schema public to ${role}`);
      const DATABASE_URL = urlWith(hub.url, { username: role, password: PASSWORD });
      expectAutomationError(await runCheck(ALL, { DATABASE_URL }), /too many connections.*53300/);
      await expectNothingHalfDone(hub);
      await sql.unsafe(`alter role ${role} connection limit 10`);
      expect((await runCheck(ALL, { DATABASE_URL })).report().automation_error).toBeNull();
      await expectConverged(hub, disturbed.wanted, `connection limit ${limit}`);
      await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    });
  }

  test("gives up on a lock that an idle transaction holds, instead of waiting for ever", async () => {
    const hub = await registered();
    const url = new URL(hub.url);
    url.searchParams.set("lock_timeout", "300");
    const holder = postgres(hub.url, { max: 1, onnotice: () => {} });
    await holder.begin(async (tx) => {
      await tx`select 1 from repos where slug = 'fleet-05' for update`;
      const ran = await runCheck(ALL, { DATABASE_URL: url.href });
      expectAutomationError(ran, /lock timeout.*55P03/);
      await expectNothingHalfDone(hub);
    });
    await holder.end({ timeout: 1 });
    await expectConverged(hub, disturbed.wanted, "lock held");
  });
});

describe("consistency_check.ts on a connection that dies", () => {
  test(
    "stops at a terminated backend, at every stage of the run, and converges",
    async () => {
      const hub = await registered();
      const observer = postgres(hub.url, { max: 1, onnotice: () => {} });
      for (const done of [0, 1, 6, 11]) {
        const run = startCheck(ALL, { DATABASE_URL: hub.url });
        let over = false;
        void run.ended.then(() => {
          over = true;
        });
        let ended = 0;
        while (!over) {
          const killed = await observer`
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'consistency_check'
              and (select count(*) from repo_passes) >= ${done}`;
          ended += killed.length;
        }
        const ran = await run.ended;
        expect(ended).toBeGreaterThan(0);
        expectAutomationError(ran, /connection to PostgreSQL closed|CONNECTION_|ECONNRESET|57P01/);
        await expectNothingHalfDone(hub);
      }
      await observer.end({ timeout: 1 });
      await expectConverged(hub, disturbed.wanted, "backends terminated");
    },
    WATCHDOG,
  );

  test(
    "ends at its deadline when the server falls silent in the middle, and converges",
    async () => {
      const hub = await registered();
      const relay = await relayTo(hub.url);
      const connect = () =>
        openDatabase({
          url: new Secret(relay.url),
          applicationName: "silent",
          access: "read-write",
          answerWithinMs: 500,
        });
      const progress = (message: string) => message === "Reconciling" && relay.swallow();
      const { report } = await hub.check({ all: true }, { connect, progress, host: hostname() });
      relay.close();
      expect(report).toMatchObject({ exit_code: 2, automation_error: { check: "C-00" } });
      expect(report.automation_error?.message).toContain("no answer from PostgreSQL for ");
      // The silent backends still hold their locks: the server ends them when it notices, here at once.
      await hub.database.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'silent'`;
      await expectNothingHalfDone(hub);
      await expectConverged(hub, disturbed.wanted, "silence");
    },
    WATCHDOG,
  );
});

describe("consistency_check.ts on a server that goes away", () => {
  /** A server of its own, with a hub that knows the fleet: these faults would hit everybody on a shared one. */
  async function ownHub(home: string): Promise<{ url: string; database: Database }> {
    const { url } = await startEmbedded({ home, env: environmentForPrograms(), connect: probe, verify: true });
    const database = new Database({ url, applicationName: "owner", access: "read-write" });
    await migrate(database);
    return { url: url.reveal(), database };
  }

  for (const [how, signal] of [
    ["shut down", "SIGINT"],
    ["crashed", "SIGQUIT"],
  ] as const) {
    test(
      `says so when the server is ${how} in the middle, and converges when it is back`,
      async () => {
        const home = await preparedHome();
        try {
          const before = await ownHub(home);
          await registerFleet(before.database, disturbed.fleet);
          const holder = postgres(before.url, { max: 1, onnotice: () => {} });
          await holder.unsafe("begin; select 1 from repos where slug = 'fleet-05' for update");
          const run = startCheck(ALL, { DATABASE_URL: before.url });
          await run.said("Reconciling");
          const { pid } = embeddedStatus({ home });
          if (pid !== null) process.kill(pid, signal);
          expectAutomationError(await run.ended, /connection to PostgreSQL closed|CONNECTION_|ECONN|57P0/);
          await Promise.all([holder.end({ timeout: 0 }), before.database.close()]);
          const after = await ownHub(home);
          await expectNothingHalfDone(after);
          await expectConverged(after, disturbed.wanted, how);
          await after.database.close();
        } finally {
          await removeHome(home);
        }
      },
      WATCHDOG,
    );
  }

  test(
    "says that the server's disk is full, and converges when there is space",
    async () => {
      const home = temporaryHome();
      const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", home]);
      if (mounted.exitCode !== 0) throw new Error(`This test needs a small file system (root): ${mounted.stderr}`);
      try {
        const hub = await ownHub(home);
        await registerFleet(hub.database, disturbed.fleet);
        const filler = join(home, "filler");
        Bun.spawnSync(["dd", "if=/dev/zero", `of=${filler}`, "bs=64k"], { stderr: "ignore" });
        expect(statfsSync(home).bavail).toBe(0);
        expectAutomationError(await runCheck(ALL, { DATABASE_URL: hub.url }), /No space left on device.*53100/);
        const text = await runCheck(["--all"], { DATABASE_URL: hub.url });
        expect(text.out + text.err).toContain("disk is full");
        rmSync(filler);
        await expectNothingHalfDone(hub);
        await expectConverged(hub, disturbed.wanted, "disk full");
        await hub.database.close();
      } finally {
        await stopEmbedded({ home, env: environmentForPrograms() });
        Bun.spawnSync(["umount", "-l", home]);
        rmSync(home, { recursive: true, force: true });
      }
    },
    WATCHDOG,
  );
});

describe("a clock that was set back", () => {
  test("consistency_check.ts reads again what was last read in the future", async () => {
    const hub = await registered();
    await runCheck(ALL, { DATABASE_URL: hub.url });
    await hub.database.sql`update repo_passes set full_pass_at = now() + interval '3 days'`;
    expect((await runCheck(ALL, { DATABASE_URL: hub.url })).report()).toMatchObject({ exit_code: 0 });
    const [left] = await hub.database.sql`select count(*)::int as n from repo_passes where full_pass_at > now()`;
    expect(left).toEqual({ n: 0 });
    await expectConverged(hub, disturbed.wanted, "clock set back");
  });

  test("guardOrphans() takes a first sighting in the future for no second one, and never holds because of it", () => {
    const at = (hours: number) => new Date(Date.UTC(2026, 0, 2) + hours * 3_600_000).toISOString();
    const rows = Array.from({ length: 40 }, (_, n) => ({ id: `${n}`, missing_since: null, orphaned_at: null }));
    const missing = rows.slice(0, 2).map((row) => ({ ...row, missing_since: at(1) }));
    expect(guardOrphans(missing, rows, at(0))).toEqual({ sighted: [], orphan: [], held: [] });
    expect(guardOrphans(missing, rows, at(1.5)).orphan).toEqual(missing);
    // What was orphaned "in the future" still counts against the day's limit.
    const orphaned = rows.map((row, n) => (n < 4 ? { ...row, orphaned_at: at(5) } : row));
    expect(guardOrphans(missing, orphaned, at(1.5))).toEqual({ sighted: [], orphan: [], held: missing });
  });
});
