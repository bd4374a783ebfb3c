import { describe, expect, test } from "bun:test";
import { EXIT_CODES } from "../../../lib/cli/exit_codes.ts";
import { flagTableOf, helpText } from "../../../lib/cli/help.ts";
import { NO_PAINT } from "../../../lib/cli/paint.ts";
import { script as commands } from "./fixtures/commands.ts";
import { script as flat } from "./fixtures/flat.ts";
import { runFixture } from "./spawn_fixture.ts";

const texts = [flat, commands].flatMap((script) =>
  ["", ...script.commands.map(({ name }) => name)].map((name) => helpText(script, name, NO_PAINT)),
);

describe("helpText()", () => {
  test("fits 80 columns and ends no line in a space", () => {
    for (const line of texts.flatMap((text) => text.split("\n"))) {
      expect(line.length).toBeLessThanOrEqual(80);
      expect(line).toBe(line.trimEnd());
    }
  });

  test("prints every exit code with what it means", () => {
    for (const text of texts) {
      const words = text.replace(/\s+/g, " ");
      for (const { code, meaning } of EXIT_CODES) expect(words).toContain(`${code} ${meaning}`);
    }
  });

  test("says how to call it, what it reads, and that it writes nothing", () => {
    const text = helpText(flat, "", NO_PAINT);
    expect(text).toContain("scripts/flat.ts (--repo PATH|SLUG | --all) [--days N] [--source SOURCE]");
    expect(text).toContain("Reads\n  nothing but its arguments\n\nWrites\n  nothing\n");
    expect(text).toContain("how far back (1 to 3650; default 30)");
  });

  test("shows one command with its argument, or all of them with their promises", () => {
    expect(helpText(commands, "repo add", NO_PAINT)).toContain("scripts/commands.ts repo add [--slug SLUG] PATH...");
    for (const { promise } of commands.commands) expect(helpText(commands, "", NO_PAINT)).toContain(promise);
  });
});

test("flagTableOf() gives the rows of every command", () => {
  expect(flagTableOf(commands)["repo add"]).toEqual([{ flag: "--slug SLUG", describe: "its short name" }]);
  expect(flagTableOf(flat)[""]?.map(({ flag }) => flag)).toContain("--[no-]strict");
});

test("main() answers --help and --version on stdout, as JSON when asked", async () => {
  const [help, json, version] = await Promise.all([
    runFixture("commands.ts", ["repo", "add", "--help"]),
    runFixture("flat.ts", ["--help", "--json"]),
    runFixture("flat.ts", ["--version"]),
  ]);
  expect(help.out).toBe(`${helpText(commands, "repo add", NO_PAINT)}\n`);
  expect(JSON.parse(json.out)).toMatchObject({
    schema_version: 1,
    name: "flat.ts",
    commands: [{ flags: { all: {} } }],
  });
  expect(version.out).toMatch(/^flat\.ts \d+\.\d+\.\d+\n$/);
  expect([help.code, json.code, version.code, help.err]).toEqual([0, 0, 0, ""]);
});
