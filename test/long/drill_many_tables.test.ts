// A database of 10,000 empty tables: nothing in it is large, and everything that asks once a table would take minutes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import type { DisposableServer } from "../../lib/postgres/disposable/start_disposable.ts";
import { disposable, folderForServers, removeFolderForServers } from "../support/disposable_server.ts";
import { ageKey, type DrillHome, drillHome } from "../support/drill_process.ts";

/** Measured on two processors that others kept busy: 110 s, where pg_dump -j 2 and pg_restore -j 2 alone took 150 s. */
const WATCHDOG_MS = 400_000;
const TABLES = 10_000;

// A server as PostgreSQL comes has room for the locks of some 6,000 tables, also for pg_dump alone.
const folder = folderForServers();
let server: DisposableServer;
let home: DrillHome;
beforeAll(async () => {
  [server, home] = [await disposable(folder), drillHome({ watchdogMs: WATCHDOG_MS })];
  chmodSync(folder, 0o711);
  const maintenance = await openSession(server.maintenance);
  await maintenance.query("create database many template template0");
  await maintenance.close();
  const { query, close } = await openSession(server.urlOf("many"));
  for (let from = 0; from < TABLES; from += 1_000)
    await query(
      `do $$ begin for n in ${from}..${from + 999} loop execute format('create table t%s (id bigint, word text)', n); end loop; end $$`,
    );
  await close();
}, WATCHDOG_MS);
afterAll(async () => {
  home.remove();
  await server.stop();
  await removeFolderForServers(folder);
}, WATCHDOG_MS);

test.each(["plain", "encrypted"])(
  "the %s drill of it passes, each table compared",
  async (kind) => {
    const { identity, recipient } = await ageKey(home.path, `${kind}.txt`);
    const keys = kind === "plain" ? [] : ["--encrypt", recipient, "--identity", identity];
    const url = server.urlOf("many").reveal();
    const { code, document } = await home.json(keys, { DATABASE_URL: url });
    expect(document).toMatchObject({
      verdict: "passed",
      reasons: [],
      tables_equal: TABLES,
      rows: 0,
      schema_equal: true,
    });
    expect(code).toBe(0);
    expect(home.leftovers()).toEqual([]);
  },
  WATCHDOG_MS,
);
