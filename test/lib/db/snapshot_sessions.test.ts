// Sessions that see one moment: against a real server, its standby, a real pooler, and connections that are cut.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { openSnapshot, type Snapshot, type SnapshotOptions } from "../../../lib/db/snapshot_sessions.ts";
import { describeFailure } from "../../../lib/failure.ts";
import type { Query } from "../../../lib/query.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { failureOf } from "../../support/failure_of.ts";
import { startPgbouncer } from "../../support/pgbouncer.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";
import { relayTo } from "../../support/tcp_relay.ts";

let db: FreshDatabase;
let other: postgres.Sql;
beforeAll(async () => {
  db = await freshDatabase();
  other = postgres(db.url, { max: 1, onnotice: () => {} });
  await other`create table t (id int)`;
  await other`insert into t values (1)`;
});
afterAll(async () => {
  await other.end({ timeout: 5 });
  await db.drop();
});

function open(options: Partial<SnapshotOptions> = {}): Promise<Snapshot> {
  const defaults = { applicationName: "a snapshot test", sessions: 2, lockWaitMs: 5_000, settings: {} };
  return openSnapshot({ url: new Secret(db.url), ...defaults, ...options });
}

async function gone(name: string): Promise<void> {
  await waitUntil({ forWhat: `no session of ${name}`, deadlineMs: 5_000 }, async () => {
    const rows = await other`select state from pg_stat_activity where application_name = ${name}`;
    return rows.length === 0 ? { found: true } : { seen: `${rows.length} of them` };
  });
}

const setting = async (query: Query, name: string) =>
  (await query<{ value: string }>("select current_setting($1) as value", [name]))[0]?.value;

describe("openSnapshot()", () => {
  test("shows one moment on every session, and on pg_dump's, while others write", async () => {
    const snapshot = await open({ sessions: 3 });
    await other`insert into t values (2)`;
    const count = async (query: Query) => (await query<{ n: number }>("select count(*)::int as n from t"))[0]?.n;
    const seen = await Promise.all([1, 2, 3, 4, 5].map(() => snapshot.run(count)));
    expect([...seen, await count(snapshot.holder)]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...(await snapshot.sql`select id from t`)]).toEqual([{ id: 1 }]);
    const importing = postgres(db.url, { max: 1, onnotice: () => {} });
    await importing.begin("isolation level repeatable read read only", async (tx) => {
      await tx.unsafe(`set transaction snapshot '${snapshot.id}'`);
      expect([...(await tx`select id from t`)]).toEqual([{ id: 1 }]);
    });
    await importing.end();
    await snapshot.close();
    await other`delete from t where id = 2`;
  });

  test("shows one moment on every session also when others write while it is opened", async () => {
    let opened = false;
    const writing = (async () => {
      let rows = 0;
      for (; !opened; rows++) await other`insert into t values (${rows})`;
      return rows;
    })();
    const snapshot = await open({ sessions: 8 });
    opened = true;
    expect(await writing).toBeGreaterThan(8);
    const counts = await Promise.all(
      Array.from({ length: 8 }, () =>
        snapshot.run(async (query) => (await query<{ n: string }>("select count(*) as n from t"))[0]?.n),
      ),
    );
    expect(new Set([...counts, (await snapshot.sql`select count(*) as n from t`)[0]?.n]).size).toBe(1);
    await snapshot.close();
    await other`delete from t where ctid <> (select min(ctid) from t)`;
  });

  test("cannot write, on any session", async () => {
    const snapshot = await open();
    for (const write of [
      () => snapshot.run((query) => query("insert into t values (3)")),
      () => snapshot.holder("delete from t"),
    ]) {
      await expect(write()).rejects.toThrow("read-only transaction");
    }
    await snapshot.close();
  });

  test("lets no URL, role or database end it by a timeout, and waits for locks as long as it is told", async () => {
    const url = new URL(db.url);
    url.searchParams.set("statement_timeout", "1");
    url.searchParams.set("idle_in_transaction_session_timeout", "1");
    url.searchParams.set("lock_timeout", "1");
    for (const name of ["statement_timeout", "idle_in_transaction_session_timeout"]) {
      await other.unsafe(`alter database ${db.name} set ${name} = '50s'`);
    }
    const snapshot = await open({ url: new Secret(url.href), lockWaitMs: 12_345 });
    for (const query of [snapshot.holder, ...(await Promise.all([snapshot.run(async (query) => query)]))]) {
      expect(await setting(query, "statement_timeout")).toBe("0");
      expect(await setting(query, "idle_in_transaction_session_timeout")).toBe("0");
      expect(await setting(query, "lock_timeout")).toBe("12345ms");
    }
    await snapshot.close();
  });

  test("has its settings on every session, and gives the holder the application's search_path when it is asked to", async () => {
    const settings = { search_path: "pg_catalog", timezone: "UTC", bytea_output: "escape", of_a_later_server: "1" };
    const snapshot = await open({ settings });
    expect(await snapshot.run((query) => setting(query, "search_path"))).toBe("pg_catalog");
    expect(await setting(snapshot.holder, "search_path")).toBe("pg_catalog");
    await snapshot.sqlOfApplication();
    expect(await setting(snapshot.holder, "search_path")).toBe('"$user", public');
    expect(await snapshot.run((query) => setting(query, "bytea_output"))).toBe("escape");
    expect(await setting(snapshot.holder, "bytea_output")).toBe("escape");
    await snapshot.close();
  });

  test("ends every session when it is closed, and refuses what comes later", async () => {
    const snapshot = await open({ applicationName: "closed snapshot" });
    await snapshot.close();
    await gone("closed snapshot");
    expect((await failureOf(snapshot.run(async () => 1))).observed).toBe("it was closed");
    expect(snapshot.lost.aborted).toBe(false);
  });

  for (const mode of ["transaction", "session"] as const) {
    test(`refuses a pooler in ${mode} mode, and says where to point DATABASE_URL`, async () => {
      const pooler = await startPgbouncer(db.url, { mode });
      const failure = await failureOf(open({ url: new Secret(pooler.url) }));
      expect(failure).toMatchObject({
        message: "Could not take a snapshot of the database",
        observed: expect.stringContaining("a pooler: "),
        hint: expect.stringContaining("Point DATABASE_URL at the server's own host and port"),
      });
      expect(describeFailure(failure)).not.toContain(new URL(db.url).password);
      await pooler.stop();
    });
  }

  test("says of a server that refuses what to do, without the password, and leaves no session", async () => {
    const wrong = Object.assign(new URL(db.url), { password: "open-sesame" }).href;
    const failure = await failureOf(open({ url: new Secret(wrong) }));
    expect(failure.message).toBe("Could not take a snapshot of the database");
    expect(failure.hint).toContain("password is wrong");
    expect(describeFailure(failure)).not.toContain("open-sesame");
    const crowd = await failureOf(open({ sessions: 500, applicationName: "too many" }));
    expect(crowd.observed).toContain("53300");
    // The server takes connections in the order in which they came: what was under way has arrived with this one.
    const later = postgres(db.url, { max: 1 });
    await later`select 1`;
    await later.end();
    await gone("too many");
  });
});

describe("Snapshot.run()", () => {
  test("lends each session to one at a time, and waits for a free one", async () => {
    const snapshot = await open();
    const pids: number[] = [];
    let [now, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 12 }, () =>
        snapshot.run(async (query) => {
          most = Math.max(most, ++now);
          pids.push((await query<{ pid: number }>("select pg_backend_pid() as pid"))[0]?.pid ?? 0);
          now--;
        }),
      ),
    );
    expect([most, new Set(pids).size]).toEqual([2, 2]);
    await snapshot.close();
  });

  test("hands on the driver's error with its SQLSTATE, and goes on after a savepoint", async () => {
    const snapshot = await open({ sessions: 1 });
    await snapshot.run(async (query) => {
      await query("savepoint here");
      await expect(query("select 1 / 0")).rejects.toMatchObject({ code: "22012" });
      await query("rollback to savepoint here");
      expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
    });
    await snapshot.close();
  });
});

describe("Snapshot.lost", () => {
  const END_ONE =
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and query like $2";

  for (const whose of ["the holder", "an idle session", "a session at work"]) {
    test(`is aborted when the server ends ${whose}: all that runs or waits is rejected at once, no session stays`, async () => {
      const name = `ended: ${whose}`;
      const snapshot = await open({ applicationName: name, sessions: 2 });
      const busy = [1, 2, 3].map(() => failureOf(snapshot.run((query) => query("select pg_sleep(60)"))));
      const idle = whose === "an idle session" ? await open({ applicationName: `${name} 2`, sessions: 1 }) : null;
      const sleeping = "%pg_sleep%";
      await waitUntil({ forWhat: "two statements under way", deadlineMs: 10_000 }, async () => {
        const rows = await other`select from pg_stat_activity
          where application_name = ${name} and state = 'active' and query like ${sleeping}`;
        return rows.length === 2 ? { found: true } : { seen: `${rows.length}` };
      });
      const ended = idle ?? snapshot;
      if (whose === "a session at work") await other.unsafe(`${END_ONE} limit 1`, [name, sleeping]);
      else if (idle === null) await other.unsafe(END_ONE, [name, "%set_config%"]);
      else await other.unsafe(`${END_ONE} limit 1`, [`${name} 2`, "%set_config%"]);
      const reason = await waitUntil({ forWhat: "the loss", deadlineMs: 5_000 }, () =>
        ended.lost.aborted ? { found: ended.lost.reason } : { seen: "not lost" },
      );
      expect(reason).toMatchObject({
        message: "Could not keep the snapshot of the database",
        hint: expect.stringContaining("it takes another snapshot"),
      });
      expect(describeFailure(reason)).not.toContain(new URL(db.url).password);
      if (idle !== null) await snapshot.close();
      const failures = await Promise.all(busy);
      if (idle === null) expect(failures).toEqual([reason, reason, reason]);
      expect(() => ended.sql).toThrow();
      await gone(name);
    });
  }

  test("is aborted when the line to the server is cut", async () => {
    const relay = await relayTo(db.url);
    const snapshot = await open({ url: new Secret(relay.url) });
    relay.close();
    await waitUntil({ forWhat: "the loss", deadlineMs: 5_000 }, () =>
      snapshot.lost.aborted ? { found: true } : { seen: "not lost" },
    );
    expect((await failureOf(snapshot.run(async () => 1))).message).toBe("Could not keep the snapshot of the database");
  });
});

describe("the signal", () => {
  test("ends statements under way and every session, and its reason is what they are rejected with", async () => {
    const stop = new AbortController();
    const snapshot = await open({ signal: stop.signal, applicationName: "stopped" });
    const running = snapshot.run((query) => query("select pg_sleep(60)")).catch((error: unknown) => error);
    await waitUntil({ forWhat: "the statement", deadlineMs: 10_000 }, async () => {
      const rows = await other`select from pg_stat_activity where application_name = 'stopped' and state = 'active'`;
      return rows.length === 1 ? { found: true } : { seen: "none" };
    });
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await running).toBe(reason);
    await gone("stopped");
    expect(snapshot.lost.aborted).toBe(false);
  });

  test("that was aborted before opens nothing", async () => {
    const reason = new Error("enough");
    const opening = open({ signal: AbortSignal.abort(reason), applicationName: "never" });
    expect(await opening.catch((error: unknown) => error)).toBe(reason);
    await gone("never");
  });
});
