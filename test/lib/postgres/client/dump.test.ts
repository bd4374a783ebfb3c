// Real dumps of a real database with one of everything; what came out is restored and read back by pg_dump itself.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { describeFailure, OpsFailure } from "../../../../lib/failure.ts";
import { type ClientPrograms, findClientPrograms } from "../../../../lib/postgres/client/client_programs.ts";
import { databaseDefinitions, dumpPart, dumpToFolder, type PartSource } from "../../../../lib/postgres/client/dump.ts";
import { libpqEnvironment } from "../../../../lib/postgres/client/libpq_environment.ts";
import { restoreFolder, restorePart } from "../../../../lib/postgres/client/restore.ts";
import { run } from "../../../../lib/process/run.ts";
import type { Query } from "../../../../lib/query.ts";
import { Secret } from "../../../../lib/secret.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { EVERY_KIND, ODD_NAMES } from "../../../support/every_kind.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { freshDatabase } from "../../../support/postgres_server.ts";

const env = environmentForPrograms();
const temporary = temporaryFolder();
let programs: ClientPrograms;
let names = 0;
const fresh = (kind: string) => join(temporary.path, `${kind}-${++names}`);

interface Live {
  readonly sql: postgres.Sql;
  readonly source: PartSource;
  close(): Promise<void>;
}

/** A database filled with `statements`, and a snapshot of it that stays open. */
async function live(statements: string, more: Partial<PartSource> = {}): Promise<Live> {
  const database = await freshDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(statements);
  const holder = postgres(database.url, { max: 1, onnotice: () => {} });
  await holder.unsafe("begin isolation level repeatable read read only");
  const query: Query = async (text, parameters = []) => [...(await holder.unsafe(text, [...parameters]))] as never;
  const snapshot = await snapshotOf(query);
  const url = new Secret(database.url);
  return {
    sql,
    source: { programs, url, env, snapshot, lockWaitMs: 5_000, query, ...more },
    close: async () => {
      await Promise.all([sql.end({ timeout: 1 }), holder.end({ timeout: 1 })]);
      await database.drop();
    },
  };
}

async function snapshotOf(query: Query): Promise<string> {
  const [row] = await query<{ snapshot: string }>("select pg_export_snapshot() as snapshot");
  return row?.snapshot ?? "";
}

/** All of a database as pg_dump writes it, without the two lines that differ each time. */
async function textOf(url: Secret): Promise<string> {
  const argv = [join(programs.directory, "pg_dump"), "--no-sync"];
  const { stdout, stderr, exitCode } = await run(argv, { env: libpqEnvironment(url, env), deadlineMs: 60_000 });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.replace(/^\\(un)?restrict .*$/gm, "");
}

async function failureOf(work: Promise<unknown>): Promise<{ said: string; hint: string | undefined; error: unknown }> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  return { error, said: describeFailure(error), hint: error instanceof OpsFailure ? error.hint : undefined };
}

beforeAll(async () => {
  programs = await findClientPrograms({ serverMajor: 15, env });
});
afterAll(() => temporary.remove());

describe("a dump of everything", () => {
  let all: Live;
  let original = "";
  beforeAll(async () => {
    all = await live(EVERY_KIND);
    original = await textOf(all.source.url);
  });
  afterAll(() => all.close());

  test("dumpPart() makes parts that together restore to what one dump would, for names with every sign", async () => {
    const apart = [...ODD_NAMES.map((name) => `odd.${name}`), "odd.serial", "odd.identity", "odd.measured_2a"];
    const parts = ["definitions", "rest", "tables"].map((name) => join(fresh("part"), name));
    const selections = [
      { kind: "definitions" },
      { kind: "all-but", tables: apart },
      { kind: "tables", tables: apart },
    ] as const;
    for (const [index, selection] of selections.entries()) {
      const file = parts[index] ?? "";
      mkdirSync(join(file, ".."));
      const { bytes } = await dumpPart(all.source, { selection, file });
      expect(bytes).toBe(statSync(file).size);
    }
    const copy = await freshDatabase();
    const target = { programs, url: new Secret(copy.url), env };
    await restorePart(target, { file: parts[0] ?? "", section: "pre-data" });
    await Promise.all(parts.slice(1).map((file) => restorePart(target, { file })));
    await restorePart(target, { file: parts[0] ?? "", section: "post-data" });
    expect(await textOf(target.url)).toBe(original);
    await copy.drop();
  });

  test("dumpPart() leaves values of sequences and large objects to the one part for all the rest", async () => {
    const file = fresh("tables");
    await dumpPart(all.source, { selection: { kind: "tables", tables: ["odd.serial", 'odd."Ab"'] }, file });
    const { stdout } = await run([join(programs.directory, "pg_restore"), "--list", file], { env, deadlineMs: 20_000 });
    const entries = stdout.split("\n").filter((line) => !line.startsWith(";") && line !== "");
    expect(entries.map((line) => line.replace(/^\d+; \d+ \d+ /, "").replace(/ \S+$/, "")).sort()).toEqual([
      "TABLE DATA odd Ab",
      "TABLE DATA odd serial",
    ]);
  });

  test("dumpPart() pipes straight through age, and restorePart() back, for the key's owner alone", async () => {
    const [key, file] = [fresh("key"), fresh("encrypted")];
    await run(["age-keygen", "--output", key], { env, deadlineMs: 20_000 });
    const recipient = /age1\w+/.exec(readFileSync(key, "utf8"))?.[0] ?? "";
    const { bytes } = await dumpPart(
      { ...all.source, nice: true },
      {
        selection: { kind: "all-but", tables: [] },
        file,
        through: ["age", "--encrypt", "--recipient", recipient],
      },
    );
    const content = readFileSync(file, "latin1");
    expect(bytes).toBe(content.length);
    expect(content).toStartWith("age-encryption.org/v1\n");
    expect(content).not.toContain("PGDMP");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const definitions = fresh("definitions");
    await dumpPart(all.source, { selection: { kind: "definitions" }, file: definitions });
    const copy = await freshDatabase();
    const target = { programs, url: new Secret(copy.url), env };
    await restorePart(target, { file: definitions, section: "pre-data" });
    await restorePart(target, { file, through: ["age", "--decrypt", "--identity", key] });
    await restorePart(target, { file: definitions, section: "post-data" });
    expect(await textOf(target.url)).toBe(original);
    await copy.drop();
  });

  test("dumpToFolder() and restoreFolder() give the same database back, and say what they are at", async () => {
    const folder = fresh("folder");
    const seen: string[] = [];
    const onProgress = ({ at }: { readonly at?: string }) => seen.push(at ?? "");
    const { bytes } = await dumpToFolder(
      { ...all.source, nice: true, onProgress },
      { folder, jobs: 2, compression: 1 },
    );
    expect(bytes).toBe(readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0));
    // Workers write over each other's lines: not every table is told.
    expect(seen.filter((at) => /^(odd|Second Schema)\./.test(at)).length).toBeGreaterThan(5);
    const copy = await freshDatabase();
    const url = new Secret(copy.url);
    const restored: { at?: string; bytes?: number; of?: number }[] = [];
    await restoreFolder({ programs, url, env, onProgress: (progress) => restored.push(progress) }, { folder, jobs: 2 });
    expect(restored.map(({ at }) => at).filter((at) => /^(index|constraint) /.test(at ?? "")).length).toBeGreaterThan(
      1,
    );
    const [last] = restored.filter((each) => each.bytes !== undefined).slice(-1);
    expect(last).toEqual({ bytes: last?.of ?? -1, of: last?.of ?? -2 });
    expect(await textOf(url)).toBe(original);
    await copy.drop();
  });

  test("databaseDefinitions() writes the definitions without a row, with or without a snapshot", async () => {
    const { snapshot, ...now } = all.source;
    for (const source of [all.source, now]) {
      const folder = fresh("definitions");
      mkdirSync(folder);
      const text = readFileSync(await databaseDefinitions(source, { folder }), "utf8");
      expect(text).toContain('CREATE TABLE odd."a*b"');
      expect(text).not.toMatch(/^COPY |^REFRESH|lo_create/m);
      expect(snapshot).not.toBe("");
    }
  });
});

describe("a dump that cannot be made", () => {
  const TWO_TABLES =
    'create table public.tasks (n int); create table public."Secret" (n int); insert into tasks values (1)';

  test("sees the rows of its snapshot alone", async () => {
    const { sql, source, close } = await live(TWO_TABLES);
    await sql`insert into tasks values (2), (3)`;
    const file = fresh("part");
    await dumpPart(source, { selection: { kind: "all-but", tables: [] }, file });
    const argv = [join(programs.directory, "pg_restore"), "--file=-", file];
    const { stdout } = await run(argv, { env, deadlineMs: 20_000 });
    expect(stdout).toContain("COPY public.tasks (n) FROM stdin;\n1\n\\.");
    await close();
  });

  test("names the lock, who holds it and how to end that", async () => {
    const { sql, source, close } = await live(TWO_TABLES, { lockWaitMs: 300 });
    const locked = await sql.reserve();
    await locked`set application_name = 'nightly'`;
    await locked`begin`;
    await locked`lock table public."Secret" in access exclusive mode`;
    const [{ pid } = { pid: 0 }] = await locked<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const folder = fresh("folder");
    const { said, hint } = await failureOf(dumpToFolder(source, { folder, jobs: 1, compression: 0 }));
    expect(said).toContain(`a lock on public."Secret" was held for 0.3 s by pid ${pid} (nightly, role state_hub)`);
    expect(hint).toContain(`pg_terminate_backend(${pid})`);
    expect(existsSync(folder)).toBe(false);
    await locked`rollback`;
    locked.release();
    await close();
  });

  test("names the table that may not be read and the right to give", async () => {
    const role = `reader_${names}_${process.pid}`;
    const { sql, source, close } = await live(
      `${TWO_TABLES}; create role ${role} login password 'p'; grant select on tasks to ${role}`,
    );
    const url = new URL(source.url.reveal());
    [url.username, url.password] = [role, "p"];
    const { snapshot: _, ...now } = source;
    const folder = fresh("definitions");
    mkdirSync(folder);
    const { said, hint } = await failureOf(
      databaseDefinitions({ ...now, url: new Secret(url.toString()) }, { folder }),
    );
    expect(said).toContain('no right to read table public."Secret"');
    expect(hint).toStartWith(`GRANT SELECT ON TABLE public."Secret" TO ${role}`);
    await sql.unsafe(`grant select on "Secret" to ${role}; alter table tasks enable row level security`);
    const hidden = fresh("part");
    const hides = await failureOf(
      dumpPart(
        { ...source, snapshot: await snapshotOf(source.query), url: new Secret(url.toString()) },
        { selection: { kind: "all-but", tables: [] }, file: hidden },
      ),
    );
    expect(hides.said).toContain(`row security hides rows of table tasks from role ${role}`);
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    await close();
  });

  test("says that the snapshot is gone", async () => {
    const { source, close } = await live(TWO_TABLES);
    await source.query("rollback");
    const file = fresh("part");
    const { said } = await failureOf(dumpPart(source, { selection: { kind: "definitions" }, file }));
    expect(said).toContain("the snapshot ended");
    expect(existsSync(file)).toBe(false);
    await close();
  });

  test("names a table that is not in the snapshot, instead of leaving it out", async () => {
    const { source, close } = await live(TWO_TABLES);
    const selection = { kind: "tables", tables: ["public.task"] } as const;
    const { said } = await failureOf(dumpPart(source, { selection, file: fresh("part") }));
    expect(said).toContain('there is no table "public"."task" in the snapshot');
    await close();
  });

  test("says that the disk is full, and that age or pg_dump failed or was killed", async () => {
    const { source, close } = await live(`${TWO_TABLES}; insert into tasks select n from generate_series(1, 50000) n`);
    const selection = { kind: "all-but", tables: [] } as const;
    const through = (...argv: string[]) => dumpPart(source, { selection, file: fresh("part"), through: argv });
    const full = await failureOf(through("sh", "-c", "exec cat > /dev/full"));
    expect(full.said).toContain("no space left on device");
    expect(full.hint).toStartWith("df -h /");
    const key = await failureOf(through("age", "--encrypt", "--recipient", "age1wrong"));
    expect(key.said).toContain('age: malformed recipient "age1wrong"');
    const killed = await failureOf(through("sh", "-c", "kill -9 $$"));
    expect(killed.said).toContain("sh was ended by SIGKILL");
    await close();
  });

  test("says that one of its jobs was killed", async () => {
    const { source, close } = await live("create table t (n int)");
    const directory = fresh("programs");
    mkdirSync(directory);
    const says = "#!/bin/sh\necho 'pg_dump: error: a worker process died unexpectedly' >&2\nexit 1\n";
    writeFileSync(join(directory, "pg_dump"), says, { mode: 0o755 });
    const killed = { ...source, programs: { ...programs, directory } };
    const { said, hint } = await failureOf(dumpToFolder(killed, { folder: fresh("folder"), jobs: 2, compression: 1 }));
    expect(said).toContain("one of the jobs was killed");
    expect(hint).toContain("out of memory");
    await close();
  });

  test("says that the server went away in the middle", async () => {
    const { sql, source, close } = await live("create table t (n int)");
    const file = fresh("part");
    // It waits for the lock until its connection is ended.
    const locked = await sql.reserve();
    await locked.unsafe("begin; lock table t in access exclusive mode");
    const dumping = failureOf(dumpPart(source, { selection: { kind: "definitions" }, file }));
    const watcher = postgres(source.url.reveal(), { max: 1 });
    await waitUntil({ forWhat: "pg_dump to wait", deadlineMs: 10_000 }, async () => {
      const rows = await watcher`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name in ('pg_dump', 'backup_restore_drill') and wait_event_type = 'Lock'`;
      return rows.length > 0 ? { found: true } : { seen: "nobody waits" };
    });
    expect((await dumping).said).toContain("the server was restarted, stopped or lost");
    expect(existsSync(file)).toBe(false);
    await locked.unsafe("rollback");
    locked.release();
    await watcher.end();
    await close();
  });

  test("ends at once when it is aborted, and leaves no file and no statement", async () => {
    const { sql, source, close } = await live("create table t (n int)");
    const [file, stop] = [fresh("part"), new AbortController()];
    const locked = await sql.reserve();
    await locked.unsafe("begin; lock table t in access exclusive mode");
    const selection = { kind: "all-but", tables: [] } as const;
    const dumping = failureOf(dumpPart({ ...source, lockWaitMs: 60_000, signal: stop.signal }, { selection, file }));
    const waiting = () =>
      source.query(
        "select pid from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())",
      );
    await waitUntil({ forWhat: "pg_dump to wait", deadlineMs: 10_000 }, async () =>
      (await waiting()).length > 0 ? { found: true } : { seen: "nobody waits" },
    );
    const started = performance.now();
    stop.abort(new Error("stopped by the operator"));
    expect((await dumping).said).toBe("stopped by the operator");
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(existsSync(file)).toBe(false);
    await waitUntil({ forWhat: "the server to end the statement", deadlineMs: 5_000 }, async () =>
      (await waiting()).length === 0 ? { found: true } : { seen: "it still waits" },
    );
    await locked.unsafe("rollback");
    locked.release();
    await close();
  });

  test("is given up when the server takes the connection and never says a word", async () => {
    const { source, close } = await live("create table t (n int)");
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const url = new URL(source.url.reveal());
    url.port = String(silent.port);
    const file = fresh("part");
    const dumping = { ...source, url: new Secret(url.toString()), lockWaitMs: 100, stalledAfterMs: 300 };
    const { said, hint } = await failureOf(dumpPart(dumping, { selection: { kind: "definitions" }, file }));
    expect(said).toContain("Could not finish pg_dump: nothing was written and nothing said for 0.");
    expect(hint).toContain(`df -h ${temporary.path}`);
    expect(existsSync(file)).toBe(false);
    silent.stop(true);
    await close();
  });

  test("never touches what is there already", async () => {
    const { source, close } = await live("create table t (n int)");
    const folder = fresh("folder");
    mkdirSync(join(folder, "kept"), { recursive: true });
    const { said } = await failureOf(dumpToFolder(source, { folder, jobs: 1, compression: 0 }));
    expect(said).toContain("there is something already");
    expect(existsSync(join(folder, "kept"))).toBe(true);
    await close();
  });
});
