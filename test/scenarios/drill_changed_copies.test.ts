// A database with everything passes; a copy of it in which one thing is not as it was is failed, and the table and its bucket, or the
// object, are named. The changes are made between the restore and the comparison; the last test does that through the script.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import type { Query } from "../../lib/query.ts";
import { Secret } from "../../lib/secret.ts";
import { CHANGES } from "../support/drill_changes.ts";
import { type CopiedDatabase, copiedDatabase } from "../support/drill_copied_database.ts";
import { ageKey, type DrillHome, drillHome } from "../support/drill_process.ts";
import { freshDatabase } from "../support/postgres_server.ts";

const WATCHDOG_MS = 60_000;

let copied: CopiedDatabase;
let home: DrillHome;
beforeAll(async () => {
  [copied, home] = [await copiedDatabase(), drillHome()];
}, WATCHDOG_MS);
afterAll(async () => {
  await copied.end();
  home.remove();
}, WATCHDOG_MS);

/** Columns by name: pg_dump puts those of a second parent before a child's own. */
const ODD_TABLES = `
  select c.oid::regclass::text as name,
    (select 'row(' || coalesce(string_agg(quote_ident(attname), ', ' order by attname), '') || ')'
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
  from pg_class c where relkind = 'r' and relnamespace in ('val'::regnamespace, 'odd'::regnamespace)`;

/** Each table's rows as a sorted list of texts, digested without any of the drill's own code. */
async function plainDigests(query: Query): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const { name, columns } of await query<{ name: string; columns: string }>(ODD_TABLES)) {
    const rows = `select (${columns})::text as line from only ${name}`;
    const [row] = await query<{ digest: string }>(
      `select count(*) || ' ' || md5(coalesce(string_agg(line, ';' order by line collate "C"), '')) as digest from (${rows}) rows`,
    );
    digests[name] = row?.digest ?? "";
  }
  return digests;
}

test(
  "a database with everything passes, and its copy is equal by another measure as well",
  async () => {
    const { verdict, reasons, comparison } = await copied.verdict();
    expect({ verdict, reasons }).toEqual({ verdict: "passed", reasons: [] });
    expect(comparison?.tables.length).toBeGreaterThan(70);
    expect(comparison?.notCompared.every(({ what }) => /^(materialized view|foreign table) /.test(what))).toBe(true);
    const { query, close } = await openSession(new Secret(copied.source.url));
    const wanted = await plainDigests(query);
    await close();
    expect(Object.keys(wanted).length).toBeGreaterThanOrEqual(40);
    expect(await plainDigests(copied.copy.target.query)).toEqual(wanted);
  },
  WATCHDOG_MS,
);

describe("a copy is failed, and says what, when", () => {
  test.each(Object.entries(CHANGES).filter(([, { quick }]) => quick))(
    "%s",
    async (_name, change) => {
      const { verdict, reasons } = await copied.verdictWith(change);
      expect(verdict).toBe("failed");
      expect(reasons.join("\n")).toMatch(typeof change.says === "string" ? copied.ofThisRun(change.says) : change.says);
    },
    WATCHDOG_MS,
  );

  test(
    "nothing any more: each change was taken back, and nothing else was touched",
    async () => {
      expect(await copied.verdict()).toMatchObject({ verdict: "passed", reasons: [] });
    },
    WATCHDOG_MS,
  );
});

/** In a database that is still empty for whoever looks: what it does comes with the first index, and then it is gone. */
const LOSES_A_ROW = [
  `create function pg_catalog.loses_a_row() returns event_trigger language plpgsql as $$
    begin
      delete from val.counted where id = 7;
      alter extension plpgsql drop event trigger loses_a_row;
      drop event trigger loses_a_row;
    end $$`,
  "create event trigger loses_a_row on ddl_command_end when tag in ('CREATE INDEX') execute function pg_catalog.loses_a_row()",
  // A restore by a superuser lets the usual ones sleep.
  "alter event trigger loses_a_row enable always",
  // One that is nobody's extension's is not restored beside.
  "alter extension plpgsql add event trigger loses_a_row",
];

test(
  "the script restores an encrypted backup of it into a given database, and fails one that loses a row on the way",
  async () => {
    const { identity, recipient } = await ageKey(home.path);
    const store = join(home.path, "store");
    const given = await freshDatabase();
    const keys = ["--encrypt", recipient, "--identity", identity];
    const env = { DATABASE_URL: copied.source.url, TARGET_URL: given.url };
    const whole = await home.json(["--store", store, ...keys, "--into", "env:TARGET_URL"], env);
    expect(whole.document).toMatchObject({ verdict: "passed", reasons: [], schema_equal: true, hub: "not_applicable" });
    expect([whole.code, whole.document.tables_equal]).toEqual([0, whole.document.tables.length]);

    const loses = await freshDatabase();
    const { query, close } = await openSession(new Secret(loses.url));
    for (const statement of LOSES_A_ROW) await query(statement);
    await close();
    const again = ["--from-store", store, "--identity", identity, "--into", "env:TARGET_URL"];
    const lost = await home.json(again, { DATABASE_URL: copied.source.url, TARGET_URL: loses.url });
    expect([lost.code, lost.document.verdict]).toEqual([1, "failed"]);
    expect(lost.document.reasons).toEqual([expect.stringMatching(/^table val\.counted differs in bucket \d+$/)]);
    expect(lost.document.remarks.join()).toContain("dropdb");
    expect(home.leftovers()).toEqual([]);
  },
  WATCHDOG_MS,
);
