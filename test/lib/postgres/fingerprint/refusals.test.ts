// What a fingerprint cannot tell, it says: which table, who stands in the way, what to do. A wrong answer is worse than none.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import postgres from "postgres";
import { fingerprint } from "../../../../lib/postgres/fingerprint/fingerprint.ts";
import { holdTables } from "../../../../lib/postgres/fingerprint/hold_tables.ts";
import type { QuerySessions } from "../../../../lib/query.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { failureOf } from "../../../support/failure_of.ts";
import type { FreshDatabase } from "../../../support/postgres_server.ts";
import { execute, filled, snapshotOf } from "./printed.ts";

let db: FreshDatabase;
const ROLE = `reader_${process.pid}`;
beforeAll(async () => {
  db = await filled(
    "create table open (id int primary key)",
    `create table "Shut" (id int primary key)`,
    "create table ruled (id int primary key)",
    ...["open", `"Shut"`, "ruled"].map((name) => `insert into ${name} select generate_series(1, 100)`),
    `create role ${ROLE} login password 'open-sesame'`,
  );
});
afterAll(async () => {
  await execute(db.url, `drop owned by ${ROLE}`, `drop role ${ROLE}`);
  await db.drop();
});

function asReader(): string {
  return Object.assign(new URL(db.url), { username: ROLE, password: "open-sesame" }).href;
}

describe("fingerprint()", () => {
  test("names the tables that the role may not read, and the grant that helps", async () => {
    await execute(db.url, `grant select on open, ruled to ${ROLE}`);
    const snapshot = await snapshotOf(asReader());
    const failure = await failureOf(fingerprint(snapshot));
    expect(failure.observed).toBe(`no right to read public."Shut"`);
    expect(failure.hint).toStartWith("Grant SELECT on it");
    await snapshot.close();
  });

  test("refuses a table of which a policy hides rows", async () => {
    await execute(db.url, `grant select on all tables in schema public to ${ROLE}`);
    await execute(db.url, "alter table ruled enable row level security");
    const snapshot = await snapshotOf(asReader());
    expect((await failureOf(fingerprint(snapshot))).observed).toBe("a policy hides rows of public.ruled");
    await snapshot.close();
    await execute(db.url, "alter table ruled disable row level security");
  });

  for (const lock of ["access exclusive", "access exclusive, asked for behind a long read"]) {
    test(`names the table and the session of a lock that lasts: ${lock}`, async () => {
      const connection = { application_name: "long migration" };
      const [holder, reader] = [0, 1].map(() => postgres(db.url, { max: 1, connection, onnotice: () => {} }));
      if (holder === undefined || reader === undefined) throw new Error("no clients");
      await reader.unsafe("begin");
      await holder.unsafe("begin");
      const [{ pid } = { pid: 0 }] = await holder<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const behind = lock.includes("behind");
      if (behind) await reader.unsafe(`lock table "Shut" in access share mode`);
      const held = holder.unsafe(`lock table "Shut" in access exclusive mode`).then(
        () => null,
        () => null,
      );
      await waitUntil({ forWhat: "the lock", deadlineMs: 10_000 }, async () => {
        const [row] = await reader.unsafe(`select from pg_locks where pid = ${pid} and mode = 'AccessExclusiveLock'`);
        return row === undefined ? { seen: "none" } : { found: true };
      });
      const snapshot = await snapshotOf(db.url, 1, 300);
      const failure = await failureOf(fingerprint(snapshot));
      expect(failure.where).toBe(`public."Shut"`);
      const verb = behind ? "waits for" : "holds";
      expect(failure.observed).toStartWith(`pid ${pid} (long migration) ${verb} ACCESS EXCLUSIVE since 20`);
      expect(failure.hint).toContain(`pg_terminate_backend(${pid})`);
      const holding = await failureOf(holdTables(snapshot.holder));
      expect(holding.observed).toBe(failure.observed);
      expect(await snapshot.holder("select 1 as one")).toEqual([{ one: 1 }]);
      await snapshot.close();
      await Promise.all([holder.end({ timeout: 0 }), reader.end({ timeout: 0 }), held]);
    });
  }

  const CHANGES = ["truncate open", "alter table open alter id type bigint", "drop table open"];
  for (const change of CHANGES) {
    test(`does not take for its content what "${change}" left after the snapshot`, async () => {
      const own = await filled(
        "create table open (id int primary key)",
        "insert into open select generate_series(1, 9)",
      );
      const snapshot = await snapshotOf(own.url);
      await execute(own.url, change);
      const failure = await failureOf(fingerprint(snapshot));
      expect(failure).toMatchObject({
        where: "public.open",
        hint: expect.stringContaining("it takes another snapshot"),
      });
      await snapshot.close();
      await own.drop();
    });
  }

  test("does not take a table for empty that was truncated while it was being read", async () => {
    const own = await filled("create table open (id int)", "insert into open select generate_series(1, 9)");
    const snapshot = await snapshotOf(own.url, 1);
    const truncating: QuerySessions = {
      size: 1,
      run: (work) =>
        snapshot.run((query) =>
          work(async (text, parameters) => {
            if (text.includes("hashtextextended")) await execute(own.url, "truncate open");
            return query(text, parameters);
          }),
        ),
    };
    expect((await failureOf(fingerprint(truncating))).observed).toContain("truncated or rewritten");
    await snapshot.close();
    await own.drop();
  });

  test("names the one table of many that cannot be read", async () => {
    const own = await filled(
      ...["a", "b", "c"].map((name) => `create table ${name} (n int); insert into ${name} values (1)`),
    );
    const snapshot = await snapshotOf(own.url, 1);
    // Stands for a damaged page of one of them.
    const ofB = /row\(t\.n\)::text( collate "C" as line\n {2}from only public\.b )/;
    const damaged: QuerySessions = {
      size: 1,
      run: (work) =>
        snapshot.run((query) => work((text, given) => query(text.replace(ofB, "(1 / (t.n - 1))::text$1"), given))),
    };
    expect(await failureOf(fingerprint(damaged))).toMatchObject({
      message: "Could not read a table",
      observed: "division by zero [22012]",
      where: "public.b",
    });
    await snapshot.close();
    await own.drop();
  });

  test("refuses sessions whose settings would change the text of rows", async () => {
    const snapshot = await snapshotOf(db.url, 1);
    const other: QuerySessions = {
      size: 1,
      run: (work) =>
        snapshot.run(async (query) => {
          await query("set local extra_float_digits = 0");
          return work(query);
        }),
    };
    const failure = await failureOf(fingerprint(other));
    expect(failure).toMatchObject({ observed: "extra_float_digits is 0 in this session", expected: "3" });
    await snapshot.close();
  });

  test("ends with the signal's reason while a statement is under way", async () => {
    const snapshot = await snapshotOf(db.url, 1);
    const stop = new AbortController();
    const reason = new Error("stopped");
    const onProgress = () => queueMicrotask(() => stop.abort(reason));
    const ended = await fingerprint(snapshot, { signal: stop.signal, onProgress }).catch((error: unknown) => error);
    expect(ended).toBe(reason);
    await snapshot.close();
  });

  test("tells where it is, and how much of all", async () => {
    const own = await filled(
      "create table t (body text)",
      "insert into t select repeat('x', 2000) from generate_series(1, 2000)",
    );
    const snapshot = await snapshotOf(own.url);
    const seen: { at?: string; bytes?: number; of?: number }[] = [];
    await fingerprint(snapshot, { onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1);
    expect(last?.at).toBe("public.t");
    expect(last?.of).toBeGreaterThan(4_000_000);
    expect(last?.bytes).toBe(last?.of ?? 0);
    await snapshot.close();
    await own.drop();
  });
});

describe("holdTables()", () => {
  test("keeps TRUNCATE off every table until the snapshot is closed", async () => {
    const own = await filled("create table a (id int)", "create table b (id int)", "insert into b values (1)");
    const snapshot = await snapshotOf(own.url);
    expect(await holdTables(snapshot.holder)).toBe(true);
    const truncate = execute(own.url, "set lock_timeout = 200", "truncate b");
    await expect(truncate).rejects.toThrow("lock timeout");
    expect((await fingerprint(snapshot)).tables[1]?.rows).toBe(1);
    await snapshot.close();
    await execute(own.url, "truncate b");
    await own.drop();
  });
});
