// A restored copy that is not quite its source: whatever was changed in it after the restore is found and named.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openSession } from "../../../../lib/drill/copy/one_session.ts";
import { proveCopy, type RestoredCopy } from "../../../../lib/drill/copy/prove_copy.ts";
import { judge } from "../../../../lib/drill/evidence/judge.ts";
import { restoreLive } from "../../../../lib/drill/live_drill.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type DrillRun, drillRun } from "../../../support/drill_run.ts";
import { type FreshDatabase, freshDatabase } from "../../../support/postgres_server.ts";

const WATCHDOG_MS = 60_000;
const SOURCE = [
  `create schema "Odd"`,
  `create table "Odd"."T x" (id serial primary key, v text check (v in ('a', 'b')), f float8, n numeric)`,
  `insert into "Odd"."T x" (v, f, n) select 'a', '-0', 1.0 from generate_series(1, 500)`,
  "create table keyless (line text)",
  "insert into keyless values ('one'), ('two')",
  "create sequence loose",
  "select nextval('loose') from generate_series(1, 7)",
  `create materialized view sums as select count(*) as n from "Odd"."T x"`,
  "select lo_from_bytea(4711, 'a large object')",
];

describe("a copy", () => {
  let [source, target] = [] as unknown as [FreshDatabase, FreshDatabase];
  let run: DrillRun;
  let restored: { readonly facts: Parameters<typeof proveCopy>[1]; readonly copy: RestoredCopy };
  beforeAll(async () => {
    [source, target] = [await freshDatabase(), await freshDatabase()];
    const session = await openSession(new Secret(source.url));
    for (const statement of SOURCE) await session.query(statement);
    await session.close();
    run = drillRun(target.url);
    restored = await restoreLive(run, async () => new Secret(source.url));
  }, WATCHDOG_MS);
  afterAll(async () => {
    await run.end();
    await Promise.all([source.drop(), target.drop()]);
  }, WATCHDOG_MS);

  /** The verdict when `change` is made in the copy; `back` makes it what it was. */
  const verdictAfter = async (change: string, back: string) => {
    const { facts, copy } = restored;
    await copy.target.query(change);
    const again = { ...run, draft: { ...run.draft, wrong: [], unverified: [] } };
    try {
      await proveCopy(again, facts, copy, run.terms.signal);
      return judge(again.draft);
    } finally {
      await copy.target.query(back);
    }
  };

  test(
    "that is equal passes, and a materialized view is named as not compared",
    async () => {
      expect(await verdictAfter("select 1", "select 1")).toEqual({ verdict: "passed", reasons: [], hint: null });
    },
    WATCHDOG_MS,
  );

  const changes: [string, string, string, RegExp][] = [
    [
      "one value",
      `update "Odd"."T x" set n = 1.00 where id = 7`,
      `update "Odd"."T x" set n = 1.0 where id = 7`,
      /"Odd"\."T x" differs in bucket \d+/,
    ],
    [
      "a sign of zero",
      `update "Odd"."T x" set f = 0 where id = 7`,
      `update "Odd"."T x" set f = '-0' where id = 7`,
      /"Odd"\."T x"/,
    ],
    [
      "a row of a table without key",
      "insert into keyless values ('two')",
      "delete from keyless where ctid = (select max(ctid) from keyless)",
      /public\.keyless/,
    ],
    [
      "a sequence",
      "select setval('loose', 8)",
      "select setval('loose', 7)",
      /sequence public\.loose: lastValue 8, wanted lastValue 7/,
    ],
    ["a large object", "select lo_put(4711, 0, 'A')", "select lo_put(4711, 0, 'a')", /large object 4711/],
    ["a privilege", "grant select on keyless to public", "revoke select on keyless from public", /keyless/],
  ];
  test.each(changes)(
    "in which %s was changed is failed, and the place named",
    async (_name, change, back, named) => {
      const { verdict, reasons } = await verdictAfter(change, back);
      expect(verdict).toBe("failed");
      expect(reasons.join("\n")).toMatch(named);
    },
    WATCHDOG_MS,
  );
});
