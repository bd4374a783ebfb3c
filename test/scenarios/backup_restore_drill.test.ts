// The drill as an operator types it, against a real hub: live while others write, through an encrypted store, and for real when the
// live server is gone.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../lib/canonical.ts";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import type { Manifest } from "../../lib/drill/store/manifest.ts";
import { Secret } from "../../lib/secret.ts";
import { ageKey, type DrillHome, drillHome } from "../support/drill_process.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { freshDatabase } from "../support/postgres_server.ts";
import { startSshd } from "../support/sshd.ts";

const WATCHDOG_MS = 120_000;
const ROWS = 20_000;
/** Stands in a row: it may be in no file of an encrypted store. */
const MARK = "a sentence that nobody else may read";
interface TakenDocument {
  readonly backup: Manifest;
}
interface ListDocument {
  readonly backups: readonly { readonly verified: readonly { readonly verdict: string }[] }[];
}

/** Nobody listens there. */
const GONE = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/gone" };

let hub: TestHub;
let home: DrillHome;
let live: { DATABASE_URL: string };
beforeAll(async () => {
  [hub, home] = [await freshHub(), drillHome()];
  live = { DATABASE_URL: hub.url };
  await hub.database.sql`
    insert into progress_events (event_type, summary) select 'note', ${MARK} || g from generate_series(1, ${ROWS}::int) g`;
}, WATCHDOG_MS);
afterAll(async () => {
  await hub.close();
  home.remove();
}, WATCHDOG_MS);

const eventsOf = (type: string) =>
  hub.database.sql<{ detail: Record<string, unknown> }[]>`
    select detail from progress_events where event_type = ${type} order by created_at desc, id desc`;

/** Does it over and over until it is told to stop. @returns which tells how often */
function repeating(work: () => Promise<unknown>): () => Promise<number> {
  let times = 0;
  let going = true;
  const done = (async () => {
    while (going) {
      await work();
      times++;
    }
  })();
  return async () => {
    going = false;
    await done;
    return times;
  };
}

test(
  "the drill of a live hub passes while others write, keeps its evidence, tells the hub, and leaves nothing else",
  async () => {
    const stop = repeating(
      () => hub.database.sql`insert into progress_events (event_type, summary) values ('note', 'while it is drilled')`,
    );
    const { code, document } = await home.json([], live);
    expect(await stop()).toBeGreaterThan(0);
    expect(document).toMatchObject({
      verdict: "passed",
      reasons: [],
      hub: "equal",
      schema_equal: true,
      not_compared: [],
    });
    expect(code).toBe(0);
    expect(document.rows).toBeGreaterThanOrEqual(ROWS);
    expect(document.tables_equal).toBe(document.tables.length);
    const { evidence, evidence_digest, drill_id } = document;
    const { digest, ...kept } = JSON.parse(readFileSync(evidence, "utf8"));
    expect([digest, digestOf(kept)]).toEqual([evidence_digest, evidence_digest]);
    expect(statSync(evidence).mode & 0o777).toBe(0o600);
    const [event] = await eventsOf("backup_restore_drill");
    expect(event?.detail).toMatchObject({
      drill_id,
      verdict: "passed",
      evidence_digest,
      restored_from: "live",
      hub: "equal",
    });
    expect(home.leftovers()).toEqual([]);
    expect(JSON.stringify(document)).not.toContain(new URL(hub.url).password);
  },
  WATCHDOG_MS,
);

test(
  "a backup goes encrypted into a store, and is restored for real and compared when the live server is gone",
  async () => {
    const { identity, recipient } = await ageKey(home.path);
    const store = join(home.path, "store");
    const taken = await home.json<TakenDocument>(["backup", "--store", store, "--encrypt", recipient], live);
    expect(taken.code).toBe(0);
    const { backup } = taken.document;
    const files = readdirSync(join(store, backup.id));
    expect(files.sort()).toEqual([...backup.parts.map(({ name }) => name), "manifest.json"].sort());
    for (const file of files) expect(readFileSync(join(store, backup.id, file), "latin1")).not.toContain(MARK);
    expect((await eventsOf("backup"))[0]?.detail).toMatchObject({
      backup_id: backup.id,
      manifest_digest: backup.digest,
    });

    const target = await freshDatabase();
    const env = { ...GONE, TARGET_URL: target.url };
    const restore = ["--from-store", store, "--identity", identity, "--into", "env:TARGET_URL"];
    const restored = await home.json(restore, env);
    expect(restored.document).toMatchObject({ verdict: "passed", hub: "equal", target: { kind: "given" } });
    const dumps = backup.parts.filter(({ selection }) => selection !== "facts").map(({ bytes }) => bytes);
    const read = restored.document.stages.find(({ name }) => name === "Restoring")?.bytes ?? 0;
    expect(read).toBeGreaterThanOrEqual(dumps.reduce((sum, bytes) => sum + bytes, 0));
    const copy = await openSession(new Secret(target.url));
    expect(await copy.query("select count(*)::int as n from progress_events where event_type = 'note'")).toEqual(
      (await hub.database.sql`select count(*)::int as n from progress_events where event_type = 'note'`) as never,
    );
    await copy.close();
    const again = await home.json(restore, env);
    expect([again.code, again.document.verdict]).toEqual([2, "could_not_verify"]);
    expect(JSON.stringify(again.document)).toContain("it is not empty");
    await target.drop();

    const list = await home.json<ListDocument>(["list", "--store", store], GONE);
    expect(list.document.backups).toMatchObject([{ id: backup.id, unfinished: false }]);
    const [{ verified } = { verified: [] }] = list.document.backups;
    expect(verified.map(({ verdict }) => verdict)).toContain("passed");
    expect(home.leftovers()).toEqual([]);
  },
  WATCHDOG_MS,
);

test(
  "a stored backup that was changed is failed by the part's name, and a wrong key cannot verify it",
  async () => {
    const [right, wrong] = [await ageKey(home.path, "right.txt"), await ageKey(home.path, "wrong.txt")];
    const store = join(home.path, "changed");
    const { document } = await home.json<TakenDocument>(
      ["backup", "--store", store, "--encrypt", right.recipient],
      live,
    );
    const { id } = document.backup;
    const drill = (identity: string) => home.json(["--from-store", store, "--identity", identity], GONE);
    const locked = await drill(wrong.identity);
    expect([locked.code, locked.document.verdict]).toEqual([2, "could_not_verify"]);
    const part = join(store, id, "data-001.dump.age");
    const bytes = readFileSync(part);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(part, bytes);
    const changed = await drill(right.identity);
    expect([changed.code, changed.document.verdict]).toEqual([1, "failed"]);
    expect(changed.document.reasons.join()).toContain("data-001.dump.age");
    expect(home.leftovers()).toEqual([]);
  },
  WATCHDOG_MS,
);

test(
  "a drill through a store on another host passes, and leaves one backup there and none of its parts here",
  async () => {
    const sshd = await startSshd();
    const far = temporaryFolder();
    mkdirSync(join(home.path, "ssh"), { mode: 0o700 });
    writeFileSync(join(home.path, "ssh/config"), sshd.sshConfig, { mode: 0o600 });
    const { identity, recipient } = await ageKey(home.path, "far.txt");
    const store = sshd.urlOf(join(far.path, "store")).replace("ssh://", "sftp://");
    const drilled = await home.json(["--store", store, "--encrypt", recipient, "--identity", identity], live);
    expect(drilled.document).toMatchObject({ verdict: "passed", reasons: [], backup: { encrypted: true } });
    const { code, document } = await home.json(["--from-store", store, "--identity", identity], GONE);
    expect([code, document.backup?.id]).toEqual([0, drilled.document.backup?.id]);
    expect(readdirSync(join(far.path, "store"))).toEqual([`${document.backup?.id}`]);
    expect(home.leftovers()).toEqual([]);
    await sshd.stop();
    far.remove();
  },
  WATCHDOG_MS,
);

// PostgreSQL writes the check and the view in another way once they were restored.
const ODD = [
  `create schema "Odd"`,
  `create table "Odd"."T x" (id bigserial primary key, v varchar(10) check (v in ('a', 'b')), j json)`,
  `insert into "Odd"."T x" (v, j) select 'a', '{"a" :1}' from generate_series(1, 2000)`,
  `create view "Odd".seen as select id from "Odd"."T x" where v in ('a', 'b')`,
  `create materialized view "Odd".sums as select count(*) as n from "Odd"."T x"`,
  "select lo_from_bytea(0, 'a large object')",
];

test.each([
  ["with one job", ["--jobs", "1"]],
  ["encrypted", ["--encrypt"]],
])(
  "a database that is no hub passes as well, %s, while its sequence moves",
  async (_name, args) => {
    const database = await freshDatabase();
    const session = await openSession(new Secret(database.url));
    for (const statement of ODD) await session.query(statement);
    const key = await ageKey(home.path, "odd.txt");
    const flags = args[0] === "--encrypt" ? [...args, key.recipient, "--identity", key.identity] : args;
    const stop = repeating(() => session.query(`insert into "Odd"."T x" (v) values ('b')`));
    const { code, document } = await home.json(flags, { DATABASE_URL: database.url });
    expect(await stop()).toBeGreaterThan(0);
    expect(document).toMatchObject({ verdict: "passed", reasons: [], hub: "not_applicable", schema_equal: true });
    expect(document.sequences).toEqual({ compared: 1, differing: [] });
    expect(document.not_compared.map(({ what }) => what)).toEqual([`materialized view "Odd".sums`]);
    expect(document.remarks.join()).toContain("the database is no State Hub");
    expect(code).toBe(0);
    rmSync(key.identity);
    await session.close();
    await database.drop();
  },
  WATCHDOG_MS,
);

test.each(["Starting a disposable server", "Dumping", "Restoring"])(
  "an interrupt while it is %s ends everything within ten seconds",
  async (stage) => {
    const running = home.start([], live);
    await running.said(stage);
    const at = performance.now();
    running.kill("SIGINT");
    const { code, err } = await running.ended;
    expect(code).toBe(130);
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(err).toContain("Stopped by SIGINT");
    expect(home.leftovers()).toEqual([]);
  },
  WATCHDOG_MS,
);
