// Passwords, keys and the verifiers of roles: in no program's words, no text, no file, no row and no log, whatever a drill does.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { Secret } from "../../lib/secret.ts";
import { marksIn, readableByAll, textsBelow, watchWords } from "../support/drill_faults_leaks.ts";
import { type LiveServer, liveServer } from "../support/drill_faults_live.ts";
import { ageKey, type DrillHome, drillHome } from "../support/drill_process.ts";
import type { ScriptEnded } from "../support/script_process.ts";

const WATCHDOG_MS = 120_000;
/** What a URL has to escape, too. */
const LOGIN = { user: "drill_keeper", password: `keeper-${crypto.randomUUID()}` };
const GARDENER = `gardener-${crypto.randomUUID()}`;

let [live, home]: [LiveServer, DrillHome] = [] as never;
let marks: Record<string, string>;
let key: { identity: string; recipient: string };
let target: string;
beforeAll(async () => {
  [live, home] = [await liveServer(), drillHome()];
  key = await ageKey(home.path);
  await live.ask("template1", "create database hub template template0", "create database target template template0");
  const database = await openDatabase({
    ...{ url: new Secret(live.urlOf("hub")), applicationName: "state-hub-test", access: "read-write" },
  });
  await migrate(database);
  await database.close();
  await live.ask(
    "hub",
    `create role ${LOGIN.user} superuser login password '${LOGIN.password}'`,
    `create role gardener login password '${GARDENER}'`,
    "create table beds (name text primary key)",
    "grant select on beds to gardener",
  );
  const verifiers = await live.ask<{ rolname: string; rolpassword: string }>(
    "hub",
    "select rolname, rolpassword from pg_authid where rolname in ('drill_keeper', 'gardener')",
  );
  target = join(home.path, "target.url");
  writeFileSync(target, `${live.urlOf("target", LOGIN)}\n`, { mode: 0o600 });
  const identity = /AGE-SECRET-KEY-\w+/.exec(readFileSync(key.identity, "utf8"))?.[0] ?? "";
  marks = { "the password": LOGIN.password, "a role's password": GARDENER, "the private key": identity };
  // The salt and the two keys of SCRAM: whatever form a verifier is written in, it has them.
  for (const { rolname, rolpassword } of verifiers)
    for (const piece of rolpassword.split(/[$:]/).filter((each) => each.length > 20))
      marks[`the verifier of ${rolname} (${piece.length})`] = piece;
  // From here on it logs every statement that it is sent.
  await live.ask("hub", "alter system set log_statement = 'all'", "select pg_reload_conf()");
}, WATCHDOG_MS);
afterAll(async () => {
  await live.stop();
  home.remove();
}, WATCHDOG_MS);

test("the watch sees a mark in the words of a process, and the search one in a text", async () => {
  const watched = watchWords({ mark: "a-mark-of-its-own" });
  await Bun.spawn(["sh", "-c", ": a-mark-of-its-own; sleep 0.3"]).exited;
  expect((await watched.stop()).seen).toEqual(["mark"]);
  expect(marksIn({ here: `x${LOGIN.password}x`, there: "" }, marks)).toEqual(["the password in here"]);
  expect(Object.keys(marks).length).toBeGreaterThanOrEqual(7);
});

test(
  "a backup, its drill and a restore for real, told to debug, leak nothing anywhere",
  async () => {
    const [store, temporary] = [join(home.path, "store"), join(home.path, "temporary")];
    mkdirSync(temporary);
    const env = { DATABASE_URL: live.urlOf("hub", LOGIN), TMPDIR: temporary };
    const watched = watchWords(marks);
    const ended: ScriptEnded[] = [
      await home.type(["backup", "--store", store, "--encrypt", key.recipient, "--debug"], env),
      await home.type(
        ["--from-store", store, "--identity", key.identity, "--into", `file:${target}`, "--debug", "--json"],
        env,
      ),
      // A failure prints more than a success: this one has the URL at hand, and the server's words.
      await home.type(["--into", `file:${target}`, "--debug"], env),
      await home.type(["--debug"], { ...env, DATABASE_URL: env.DATABASE_URL.replace(/:\d+\//, ":1/") }),
    ];
    const { seen, looks } = await watched.stop();
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 2, 2]);
    expect(looks).toBeGreaterThan(100);
    expect(seen).toEqual([]);
    const events = await live.ask<{ all: string }>(
      "hub",
      "select string_agg(e::text, ' ') as all from progress_events e",
    );
    expect(events[0]?.all).toContain("backup_restore_drill");
    const texts = {
      ...Object.fromEntries(ended.map(({ out, err }, run) => [`run ${run}`, out + err])),
      ...{ "progress events": events[0]?.all ?? "", "the server's log": live.log() },
      ...textsBelow([home.path], [key.identity, target]),
    };
    expect(texts["the server's log"]).toContain("COPY");
    expect(Object.keys(texts).filter((place) => place.includes("/evidence/")).length).toBeGreaterThanOrEqual(3);
    expect(marksIn(texts, marks)).toEqual([]);
    expect(readableByAll(home.path, [key.identity])).toEqual([]);
  },
  WATCHDOG_MS,
);
