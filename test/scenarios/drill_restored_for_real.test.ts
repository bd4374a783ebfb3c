// A database that somebody named is restored into: killed half way it says so itself, one that will not do is refused before a
// backup is taken for it, and what is typed to begin anew is typed here.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import { Secret } from "../../lib/secret.ts";
import { type DrillHome, drillHome } from "../support/drill_process.ts";
import { type FreshDatabase, freshDatabase } from "../support/postgres_server.ts";

const WATCHDOG_MS = 120_000;
const COMMENT = "the garden's";

let home: DrillHome;
let source: FreshDatabase;
let store: string;
beforeAll(async () => {
  [home, source] = [drillHome(), await freshDatabase()];
  store = join(home.path, "store");
  await ask(source.url, "create table plants (id int primary key, name text)");
  await ask(source.url, "insert into plants select g, 'plant ' || g from generate_series(1, 50000) g");
  await ask(source.url, `comment on database ${source.name} is '${COMMENT.replaceAll("'", "''")}'`);
  expect((await home.type(["backup", "--store", store], { DATABASE_URL: source.url })).code).toBe(0);
}, WATCHDOG_MS);
afterAll(async () => {
  await source.drop();
  home.remove();
}, WATCHDOG_MS);

async function ask<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const session = await openSession(new Secret(url));
  try {
    return await session.query<Row>(statement);
  } finally {
    await session.close();
  }
}

async function commentOf(url: string): Promise<string | null | undefined> {
  const [found] = await ask<{ is: string | null }>(
    url,
    "select shobj_description(oid, 'pg_database') as is from pg_database where datname = current_database()",
  );
  return found?.is;
}

/** As an operator would; the password stands in ~/.pgpass there. */
async function typed(command: string, url: string): Promise<void> {
  const child = Bun.spawn(["sh", "-c", command], {
    env: { ...process.env, PGPASSWORD: decodeURIComponent(new URL(url).password) },
    stderr: "pipe",
  });
  const [code, err] = [await child.exited, await new Response(child.stderr).text()];
  expect([code, err]).toEqual([0, ""]);
}

const INTO = ["--into", "env:TARGET_URL"];
const GONE = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/gone" };

test(
  "one whose restore was killed is marked, refused by its mark, made anew by what is typed then, and ends with the source's comment",
  async () => {
    const target = await freshDatabase();
    const env = { ...GONE, TARGET_URL: target.url };
    const restore = ["--from-store", store, ...INTO];
    const running = home.start(restore, env);
    await running.said("Restoring");
    running.kill("SIGKILL");
    expect((await running.ended).code).toBe(137);
    expect(await commentOf(target.url)).toMatch(/^being restored by backup_restore_drill on .+ since .+, not whole$/);
    const { code, document } = await home.json(restore, env);
    expect([code, document.verdict]).toEqual([2, "could_not_verify"]);
    expect(document.reasons.join()).toContain("its comment says: being restored by backup_restore_drill");
    await typed(`${document.hint}`, target.url);
    const again = await home.json(restore, env);
    expect([again.code, again.document.reasons]).toEqual([0, []]);
    expect(await commentOf(target.url)).toBe(COMMENT);
    expect(home.leftovers()).toEqual([]);
    await target.drop();
  },
  WATCHDOG_MS,
);

test(
  "one that is not like the source fails, and the next command makes one that is",
  async () => {
    const target = await freshDatabase();
    const other = `${target.name}_other`;
    await ask(target.url, `create database ${other} template template0 encoding 'SQL_ASCII' locale 'C'`);
    const url = Object.assign(new URL(target.url), { pathname: `/${other}` }).href;
    const restore = ["--from-store", store, ...INTO];
    const { code, document } = await home.json(restore, { ...GONE, TARGET_URL: url });
    expect([code, document.verdict]).toEqual([1, "failed"]);
    expect(document.hint).toStartWith("dropdb ");
    await typed(`${document.hint}`, url);
    expect((await home.json(restore, { ...GONE, TARGET_URL: url })).document.reasons).toEqual([]);
    await ask(target.url, `drop database ${other}`);
    await target.drop();
  },
  WATCHDOG_MS,
);

test.each([
  ["is the live one", async () => source.url, "it is the one that the rows come from"],
  ["is not empty", usedDatabase, "it is not empty: relation used"],
])(
  "a backup that is to be restored at once is not taken when the database to restore into %s",
  async (_name, urlOf, observed) => {
    const into = await urlOf();
    const fresh = join(home.path, "fresh");
    const env = { DATABASE_URL: source.url, TARGET_URL: into };
    const { code, document } = await home.json(["--store", fresh, ...INTO], env);
    expect([code, document.reasons.join()]).toEqual([2, expect.stringContaining(observed)]);
    expect(document.stages.map(({ name }) => name)).not.toContain("Dumping");
    expect([document.backup, existsSync(fresh)]).toEqual([null, false]);
  },
  WATCHDOG_MS,
);

async function usedDatabase(): Promise<string> {
  const used = await freshDatabase();
  await ask(used.url, "create table used (n int)");
  return used.url;
}
