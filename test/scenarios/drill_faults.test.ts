// What goes wrong around a drill or a backup: each time a clear word, what to do, and nothing left behind. All of it is in test/long; here
// is what is quick.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { expectUnverified } from "../support/drill_faults_played.ts";
import { FAULTS, olderPrograms } from "../support/drill_faults_registry.ts";
import { type FaultScene, faultScene, leftBehind, saidBy } from "../support/drill_faults_scene.ts";

const WATCHDOG_MS = 120_000;
const SCRIPT = join(import.meta.dir, "../../scripts/backup_restore_drill.ts");

let scene: FaultScene;
beforeAll(async () => {
  scene = await faultScene();
}, WATCHDOG_MS);
afterAll(() => scene.close(), WATCHDOG_MS);

const quick = FAULTS.filter((fault) => fault.quick);
test.each(quick.map((fault) => [fault.what, fault] as const))(
  "a run says so, and leaves nothing, when %s",
  (_what, fault) => expectUnverified(scene, fault),
  WATCHDOG_MS,
);

/** In a world where the usual folders hold no programs of PostgreSQL. */
test(
  "a run names the package when the only pg_dump is older than the server",
  async () => {
    const folder = olderPrograms(join(scene.home.path, "older"));
    const hidden = 'mount -t tmpfs none /usr/lib/postgresql && exec "$0" --json';
    const programs = environmentForPrograms();
    const env = { ...programs, DATABASE_URL: scene.url, STATE_HUB_HOME: scene.home.path };
    const argv = ["unshare", "--mount", "sh", "-c", hidden, SCRIPT];
    const path = { PATH: `${folder}:${programs.PATH}` };
    const ended = await run(argv, { env: { ...env, ...path }, deadlineMs: WATCHDOG_MS });
    const { verdict, text, hint } = saidBy({ code: ended.exitCode, out: ended.stdout, err: ended.stderr });
    expect(text).toContain("Could not find pg_dump and pg_restore for PostgreSQL 15");
    expect(text).toContain("14.9");
    expect(hint).toContain("apt-get install postgresql-client-15");
    expect([ended.exitCode, verdict]).toEqual([2, "could_not_verify"]);
  },
  WATCHDOG_MS,
);

const WRONG: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["no jobs at all", ["--jobs", "0"], /a whole number, 1 to 16/],
  ["jobs that are no number", ["--jobs", "NaN"], /a whole number, 1 to 16/],
  ["more jobs than any server would bear", ["--jobs", "99"], /a whole number, 1 to 16/],
  ["an empty store", ["backup", "--store", ""], /--store is empty/],
  ["a recipient that is none", ["backup", "--store", "x", "--encrypt", "age1nothing"], /neither a public key nor/],
  ["a time that two people read in two ways", ["--from-store", "x", "--at", "yesterday"], /with its zone/],
  ["a password in argv", ["--into", "postgres://clerk:hunter2@127.0.0.1/x"], /a URL with a password/],
  ["a variable that is not set", ["--into", "env:NOT_SET"], /NOT_SET is not set/],
];
test.each(WRONG)(
  "%s is wrong usage: exit 64, one document, nothing begun",
  async (_what, args, says) => {
    const { code, out, err } = await scene.home.type([...args, "--json"], { DATABASE_URL: scene.url });
    expect(code).toBe(64);
    expect(JSON.stringify(JSON.parse(out))).toMatch(says);
    expect(out + err).not.toContain("hunter2");
  },
  WATCHDOG_MS,
);

test(
  "a reader who goes away costs the text and not the verdict, and a run without colour has no escape",
  async () => {
    const gone = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/gone", STATE_HUB_HOME: scene.home.path, NO_COLOR: "1" };
    const env = { ...environmentForPrograms(), ...gone };
    // bash's own: the exit code of the first of the two.
    const piped = ["bash", "-c", '"$0" | head -0; echo "$PIPESTATUS"', SCRIPT];
    const { stdout, stderr } = await run(piped, { env, deadlineMs: WATCHDOG_MS });
    expect(stdout.trim()).toBe("2");
    expect(stderr).not.toContain("EPIPE");
    const plain = await scene.home.type([], gone);
    expect(plain.code).toBe(2);
    expect(plain.out).toContain("Could not verify");
    expect(plain.out + plain.err).not.toContain("\u001b");
    expect(existsSync(join(scene.home.path, "drill"))).toBe(true);
    expect(await leftBehind(scene)).toEqual([]);
  },
  WATCHDOG_MS,
);
