// A database that a flag names: its password must never be on a command line, nor in what is said about it.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseUrlOfFlag } from "../../lib/config.ts";
import { describeFailure, OpsFailure } from "../../lib/failure.ts";

const folder = mkdtempSync(join(tmpdir(), "state-hub-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = "hunter2";
const WITH_PASSWORD = `postgres://app:${SECRET}@db.example/hub`;

test("databaseUrlOfFlag() takes a URL without a password, a variable's, and a file's", () => {
  const file = join(folder, "url");
  writeFileSync(file, `${WITH_PASSWORD}\n`);
  expect(databaseUrlOfFlag("--into", "postgres://app@db.example/hub", {}).reveal()).toBe(
    "postgres://app@db.example/hub",
  );
  expect(databaseUrlOfFlag("--into", "env:TARGET", { TARGET: WITH_PASSWORD }).reveal()).toBe(WITH_PASSWORD);
  expect(databaseUrlOfFlag("--into", `file:${file}`, {}).reveal()).toBe(WITH_PASSWORD);
});

const refused: [string, string, Record<string, string>][] = [
  ["a password in the flag itself", WITH_PASSWORD, {}],
  ["a password as a parameter", `postgres://app@db.example/hub?password=${SECRET}`, {}],
  ["a variable that is not set", "env:TARGET", {}],
  ["a variable that holds no URL", "env:TARGET", { TARGET: SECRET }],
  ["a file that is not there", `file:${folder}/none`, {}],
  ["a URL without a database", "postgres://app@db.example", {}],
  ["another kind of URL", "mysql://app@db.example/hub", {}],
];
test.each(refused)("databaseUrlOfFlag() refuses %s as wrong usage, and does not repeat it", (_name, value, env) => {
  let thrown: unknown;
  try {
    databaseUrlOfFlag("--into", value, env);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OpsFailure);
  expect((thrown as OpsFailure).kind).toBe("usage");
  expect(`${describeFailure(thrown)} ${(thrown as OpsFailure).hint}`).not.toContain(SECRET);
});
