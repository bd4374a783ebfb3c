// Restores that must not be taken for good: the first error ends them, and its one line says where and why.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { describeFailure, OpsFailure } from "../../../../lib/failure.ts";
import { archiveDefinitions } from "../../../../lib/postgres/client/archive_text.ts";
import { type ClientPrograms, findClientPrograms } from "../../../../lib/postgres/client/client_programs.ts";
import { libpqEnvironment } from "../../../../lib/postgres/client/libpq_environment.ts";
import { restoreFolder, restorePart } from "../../../../lib/postgres/client/restore.ts";
import { run } from "../../../../lib/process/run.ts";
import { Secret } from "../../../../lib/secret.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { type FreshDatabase, freshDatabase } from "../../../support/postgres_server.ts";

const env = environmentForPrograms();
const temporary = temporaryFolder();
let programs: ClientPrograms;
let source: FreshDatabase;
/** Emptied by target(): a new one each time is ten times slower. */
let copy: FreshDatabase;
let folder = "";
let file = "";

// The check is true of the rows there, and false in a database that does not have the function's answer.
const STATEMENTS = `
  create table tasks (id int, word text); insert into tasks select n, 'w' || n from generate_series(1, 2000) n;
  create table tokens (value text); insert into tokens values ('s3cret-row'), ('s3cret-row');
  create materialized view words as select count(*) from tasks;
  create index tasks_word on tasks (word); create unique index tasks_id on tasks (id)`;

async function dumpTo(path: string, ...options: string[]): Promise<string> {
  const argv = [join(programs.directory, "pg_dump"), ...options, `--file=${path}`];
  const { exitCode, stderr } = await run(argv, {
    env: libpqEnvironment(new Secret(source.url), env),
    deadlineMs: 30_000,
  });
  if (exitCode !== 0) throw new Error(stderr);
  return path;
}

beforeAll(async () => {
  programs = await findClientPrograms({ serverMajor: 15, env });
  [source, copy] = [await freshDatabase(), await freshDatabase()];
  await statements(source.url, STATEMENTS);
  folder = await dumpTo(join(temporary.path, "folder"), "--format=directory");
  file = await dumpTo(join(temporary.path, "file"), "--format=custom");
});
afterAll(async () => {
  temporary.remove();
  await Promise.all([source.drop(), copy.drop()]);
});

async function statements(url: string, text: string): Promise<postgres.Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A new empty database, or one in which `text` stands in the way. */
async function target(text = "") {
  await statements(copy.url, `drop schema public cascade; create schema public; ${text}`);
  return { programs, url: new Secret(copy.url), env };
}

async function failureOf(work: Promise<unknown>): Promise<{ said: string; hint: string | undefined }> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  return { said: describeFailure(error), hint: error instanceof OpsFailure ? error.hint : undefined };
}

/** The folder with one of its files changed: the one with most rows in it. */
function damaged(name: string, change: (path: string) => void): string {
  const to = join(temporary.path, name);
  mkdirSync(to);
  for (const each of readdirSync(folder)) copyFileSync(join(folder, each), join(to, each));
  const [largest = ""] = readdirSync(to)
    .filter((each) => each.endsWith(".gz"))
    .sort((a, b) => statSync(join(to, b)).size - statSync(join(to, a)).size);
  change(join(to, largest));
  return to;
}

describe("restoreFolder() and restorePart()", () => {
  for (const jobs of [1, 3]) {
    test(`end at the first error with ${jobs} jobs, and name the object and the server's words`, async () => {
      const { said } = await failureOf(restoreFolder(await target("create table tasks (other int)"), { folder, jobs }));
      expect(said).toStartWith('Could not restore the database: TABLE tasks: relation "tasks" already exists');
      expect(said.split("\n")).toHaveLength(1);
      const [after] = await statements(copy.url, "select to_regclass('tokens') is null as absent");
      expect(after?.absent).toBe(true);
    });

    test(`name the table whose rows do not go in with ${jobs} jobs, and no row`, async () => {
      const hinder = `create function pg_temp.f() returns int language sql as 'select 1';
        create domain public.short as text check (length(value) < 9); create table tokens (value short)`;
      const data = await dumpTo(join(temporary.path, `data-${jobs}`), "--format=directory", "--section=data");
      const { said } = await failureOf(
        restoreFolder(await target(`${hinder}; create table tasks (id int, word text)`), { folder: data, jobs }),
      );
      expect(said).toContain("tokens");
      expect(said).toContain('violates check constraint "short_check"');
      expect(said).not.toContain("s3cret");
    });
  }

  test("name the index that cannot be made, and not the key that stands in its way", async () => {
    const broken = await dumpTo(join(temporary.path, "post"), "--format=custom", "--section=post-data");
    const scene = `create table tasks (id int, word text); insert into tasks values (7001, 'a'), (7001, 'b');
      create materialized view words as select 1 as count`;
    const { said } = await failureOf(restorePart(await target(scene), { file: broken }));
    expect(said).toContain('INDEX tasks_id: could not create unique index "tasks_id"');
    expect(said).not.toContain("7001");
  });

  test("say that an archive is damaged, cut off or none", async () => {
    const cut = damaged("cut", (path) => truncateSync(path, statSync(path).size >> 1));
    expect((await failureOf(restoreFolder(await target(), { folder: cut, jobs: 2 }))).said).toMatch(
      /tasks|cannot be read/,
    );
    const gone = damaged("gone", (path) => writeFileSync(path, "no gzip at all"));
    expect((await failureOf(restoreFolder(await target(), { folder: gone, jobs: 2 }))).said).not.toContain(
      "did not fail",
    );
    const half = join(temporary.path, "half");
    copyFileSync(file, half);
    truncateSync(half, statSync(half).size - 3_000);
    expect((await failureOf(restorePart(await target(), { file: half }))).said).toContain("the archive cannot be read");
    const text = join(temporary.path, "text");
    writeFileSync(text, "-- PostgreSQL database dump\n");
    const { said, hint } = await failureOf(restorePart(await target(), { file: text }));
    expect(said).toContain("the archive cannot be read");
    expect(hint).toBe(`ls -l ${text}`);
  });

  test("say that the key is wrong, not that the archive is", async () => {
    const [key, other, encrypted] = ["key", "other", "encrypted"].map((name) => join(temporary.path, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [key, other]) await run(["age-keygen", "-o", each], { env, deadlineMs: 20_000 });
    const recipient = /age1\w+/.exec(readFileSync(key, "utf8"))?.[0] ?? "";
    await run(["age", "-r", recipient, "-o", encrypted, file], { env, deadlineMs: 20_000 });
    const through = ["age", "--decrypt", "--identity", other];
    const { said } = await failureOf(restorePart(await target(), { file: encrypted, through }));
    expect(said).toContain("age: no identity matched any of the recipients");
    truncateSync(encrypted, statSync(encrypted).size - 20);
    const own = ["age", "--decrypt", "--identity", key];
    const cut = await failureOf(restorePart(await target(), { file: encrypted, through: own }));
    expect(cut.said).toMatch(/age: |the archive cannot be read/);
  });

  test("take a stage before pg_restore that failed for a failure, although all went in", async () => {
    const through = ["sh", "-c", "cat; exit 4"];
    const { said } = await failureOf(restorePart(await target(), { file, through }));
    expect(said).toContain("Could not restore the database: sh ended with exit code 4");
  });

  test("blame pg_restore, not the age that then writes to nobody", async () => {
    const through = ["sh", "-c", "cat; yes | head -c 1000000"];
    const failing = restorePart(await target("create table tasks ()"), { file, through, section: "pre-data" });
    expect((await failureOf(failing)).said).toContain('relation "tasks" already exists');
  });

  test("take an error that was ignored for a failure, whatever the exit code", async () => {
    const directory = join(temporary.path, "ignoring");
    mkdirSync(directory);
    const says = "#!/bin/sh\necho 'pg_restore: warning: errors ignored on restore: 1' >&2\n";
    writeFileSync(join(directory, "pg_restore"), says, { mode: 0o755 });
    const ignoring = { ...(await target()), programs: { ...programs, directory } };
    expect((await failureOf(restorePart(ignoring, { file }))).said).toContain("errors were ignored");
  });

  test("say what ended a pg_restore that was killed, and that the server went away", async () => {
    const stopped = { ...(await target()), programs: { ...programs, directory: join(temporary.path, "killed") } };
    mkdirSync(stopped.programs.directory);
    writeFileSync(join(stopped.programs.directory, "pg_restore"), "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });
    const { said, hint } = await failureOf(restorePart(stopped, { file }));
    expect(said).toContain("pg_restore was ended by SIGKILL");
    expect(hint).toContain("out of memory");
    const url = new URL(copy.url);
    url.port = "1";
    const gone = await failureOf(restorePart({ programs, url: new Secret(url.toString()), env }, { file }));
    expect(gone.said).toContain("the server was restarted, stopped or lost");
    expect(gone.said).not.toContain(url.password);
  });

  test("stop when they are told to, within a second or two", async () => {
    const stop = new AbortController();
    const to = {
      ...(await target("create table tasks (id int, word text); create table tokens (value text)")),
      signal: stop.signal,
    };
    const data = await dumpTo(join(temporary.path, "stopped"), "--format=directory", "--section=data");
    const sql = postgres(copy.url, { max: 1 });
    const locked = await sql.reserve();
    await locked.unsafe("begin; lock table tasks in access exclusive mode");
    const restoring = failureOf(restoreFolder(to, { folder: data, jobs: 2 }));
    await waitUntil({ forWhat: "pg_restore to wait", deadlineMs: 10_000 }, async () => {
      const rows =
        await locked`select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`;
      return rows.length > 0 ? { found: true } : { seen: "nobody waits" };
    });
    const started = performance.now();
    stop.abort(new Error("stopped by the operator"));
    expect((await restoring).said).toBe("stopped by the operator");
    expect(performance.now() - started).toBeLessThan(3_000);
    await locked.unsafe("rollback");
    locked.release();
    await sql.end({ timeout: 1 });
  });
});

describe("archiveDefinitions()", () => {
  test("gives the same text of a folder and of a file, without a row", async () => {
    const outputs = await Promise.all(
      [folder, file].map(async (archive, index) => {
        const output = join(temporary.path, `definitions-${index}.sql`);
        await archiveDefinitions({ programs, env, output, archive });
        return readFileSync(output, "utf8").replace(/^(\\(un)?restrict .*|-- (Dumped|Started|Completed) .*)$/gm, "");
      }),
    );
    expect(outputs[0]).toContain("CREATE TABLE public.tasks");
    expect(outputs[0]).not.toMatch(/^COPY |lo_create/m);
    expect(new Set(outputs).size).toBe(1);
  });

  test("says when the archive is none", async () => {
    const archive = join(temporary.path, "none");
    writeFileSync(archive, "x");
    const { said } = await failureOf(
      archiveDefinitions({ programs, env, archive, output: join(temporary.path, "o.sql") }),
    );
    expect(said).toStartWith("Could not read the definitions of the archive: the archive cannot be read");
  });
});

test("a restore writes whatever the role sets, and wakes no event trigger that it has restored before a REFRESH", async () => {
  const [audited, restored] = [await freshDatabase(), await freshDatabase()];
  await statements(
    audited.url,
    `create table audit (tag text); create table kept (id int);
    create materialized view seen as select id from kept; create unique index on seen (id);
    create function note() returns event_trigger language plpgsql as $$ begin insert into public.audit values (tg_tag); end $$;
    create event trigger noted on ddl_command_end execute function note()`,
  );
  await statements(restored.url, `alter database ${restored.name} set default_transaction_read_only = on`);
  const archive = join(temporary.path, "audited");
  const argv = [join(programs.directory, "pg_dump"), "--format=directory", `--file=${archive}`];
  await run(argv, { env: libpqEnvironment(new Secret(audited.url), env), deadlineMs: 30_000 });
  const into = { programs, url: new Secret(restored.url), env, silent: true };
  await restoreFolder(into, { folder: archive, jobs: 1 });
  expect([...(await statements(restored.url, "select tag from audit"))]).toEqual([]);
  await Promise.all([audited.drop(), restored.drop()]);
});
