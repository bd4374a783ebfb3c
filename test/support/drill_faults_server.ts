// Faults of the live server, and of the one that is restored into.
import { backup, type Fault } from "./drill_fault.ts";
import { CHECKED, CLERK, own } from "./drill_faults_databases.ts";

const HOLDER = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'backup_restore_drill' and state like 'idle in transaction%' order by backend_start limit 1`;

export const SERVER: readonly Fault[] = [
  {
    ...{ what: "the session that holds the snapshot ends", args: () => [], amid: "pg_dump", quick: true },
    ...{ says: /snapshot of the database: a session of it ended/, hint: /log says why.*run the same command again/ },
    happens: ({ live }) => live.ask("garden", HOLDER),
  },
  {
    ...{ what: "the session that holds the snapshot of a backup ends", args: backup, amid: "pg_dump" },
    ...{ says: /snapshot of the database: a session of it ended/, hint: /run the same command again/ },
    happens: ({ live }) => live.ask("garden", HOLDER),
  },
  {
    ...{ what: "the live server crashes and restarts", args: backup, amid: "pg_dump" },
    happens: ({ live }) => live.crash(),
    ...{ says: /ended a session of it|a session of it ended|restarted, stopped or lost/ },
    hint: /run the same command again|begin anew/,
  },
  {
    ...{ what: "somebody holds a lock for minutes", quick: true, hint: /pg_terminate_backend\(\d+\)/ },
    ...{ args: () => ["--lock-wait", "2"], says: /pid \d+ .* holds ACCESS EXCLUSIVE .*garden\.beds/ },
    before: async ({ live }) => {
      const release = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const holding = live.holding(
        "garden",
        "lock table garden.beds in access exclusive mode",
        held.resolve,
        release.promise,
      );
      await Promise.race([held.promise, holding]);
      return async () => {
        release.resolve();
        await holding;
      };
    },
  },
  {
    ...{ what: "its role may not read one table", args: () => [], quick: true, hint: /Grant SELECT/i },
    says: /permission denied for table beds/,
    env: ({ live }) => ({ DATABASE_URL: live.urlOf("garden", CLERK) }),
    before: async ({ live }) => {
      const { user, password } = CLERK;
      const rights = [`create role ${user} login password '${password}'`, `grant usage on schema garden to ${user}`];
      await live.ask("garden", ...rights, `grant select on garden.notes, garden.notes_id_seq to ${user}`);
      return () => live.ask("garden", `drop owned by ${user}`, `drop role ${user}`);
    },
  },
  {
    ...{ what: "nobody listens at the live address", args: () => [], quick: true, hint: /No server answers there/ },
    says: /^Looking at the live server: Could not connect to the live database: .*ECONNREFUSED/,
    env: () => ({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/gone" }),
  },
  {
    ...{ what: "its password is wrong", args: () => [], hint: /password is wrong/ },
    says: /^Looking at the live server: .*password authentication failed/,
    env: ({ live }) => ({ DATABASE_URL: live.urlOf("garden", { user: "postgres", password: "no" }) }),
  },
];

const EXTENDED = [
  "create extension pgcrypto",
  "update pg_catalog.pg_extension set extname = 'gone_one' where extname = 'pgcrypto'",
];

export const COPY: readonly Fault[] = [
  {
    ...{ what: "one table cannot be restored", args: () => [], hint: /./, quick: true, ...own("checked", CHECKED) },
    says: /^Restoring: (?!.*behind the shed).*sowings.*relation "herbs" does not exist/,
  },
  {
    ...{ what: "an extension is missing where it restores", args: () => ["--into", "env:TARGET"] },
    ...{ says: /^Restoring: .*extension gone_one is not installed/, hint: /apt-cache search postgresql/ },
    env: ({ live }) => ({ DATABASE_URL: live.urlOf("extended"), TARGET: live.urlOf("target") }),
    before: async (scene) => {
      const undo = await own("extended", EXTENDED).before?.(scene);
      await scene.live.ask("template1", "create database target template template0");
      return async () => {
        await scene.live.ask("template1", "drop database target with (force)");
        await undo?.();
      };
    },
  },
];
