// Databases and roles that faults need for a moment.
import type { Fault } from "./drill_fault.ts";

export const CLERK = { user: "clerk", password: "only-for-the-clerk" };

/** It names a table without its schema, and pg_restore has no search_path. */
export const CHECKED = [
  "create table herbs (name text primary key)",
  "insert into herbs values ('thyme')",
  `create function is_herb(text) returns boolean language sql as 'select exists (select from herbs where name = $1)'`,
  "create table sowings (herb text check (is_herb(herb)), secret text)",
  "insert into sowings values ('thyme', 'behind the shed')",
];

/** A database of its own for as long as the fault is played. */
export const own = (name: string, statements: readonly string[]): Pick<Fault, "env" | "before"> => ({
  env: ({ live }) => ({ DATABASE_URL: live.urlOf(name) }),
  before: async ({ live }) => {
    await live.ask("template1", `create database ${name} template template0`);
    await live.ask(name, ...statements);
    return () => live.ask("template1", `drop database ${name} with (force)`);
  },
});
