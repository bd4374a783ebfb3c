// A file is there whole or not at all, whatever happens while it is written.
import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../lib/whole_file.ts";
import { temporaryFolder } from "../support/git_repo.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

test("writeWhole() leaves one file that only we can read, and nothing beside it; when it cannot, nothing at all", () => {
  const path = join(temporary.path, "run.json");
  writeWhole(path, "once");
  writeWhole(path, "twice");
  expect(readdirSync(temporary.path)).toEqual(["run.json"]);
  expect(readFileSync(path, "utf8")).toBe("twice");
  expect((lstatSync(path).mode & 0o777).toString(8)).toBe("600");
  mkdirSync(join(temporary.path, "taken"));
  writeFileSync(join(temporary.path, "taken/inside"), "");
  expect(() => writeWhole(join(temporary.path, "taken"), "x")).toThrow();
  expect(readdirSync(temporary.path).sort()).toEqual(["run.json", "taken"]);
});
