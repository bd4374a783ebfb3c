import { describe, expect, test } from "bun:test";
import { command, defineScript } from "../../../lib/cli/define_script.ts";
import { parseArguments } from "../../../lib/cli/parse_arguments.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { script as commands } from "./fixtures/commands.ts";
import { script as flat } from "./fixtures/flat.ts";

function refused(script: typeof flat, argv: readonly string[]): OpsFailure {
  try {
    parseArguments(script, argv);
  } catch (error) {
    if (error instanceof OpsFailure) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

describe("parseArguments() refuses", () => {
  const table: [name: string, argv: string[], observed: string][] = [
    ["an unknown flag", ["--all", "--colour"], "--colour is no flag"],
    ["a mistyped flag", ["--rpo", "x"], "--rpo is no flag"],
    ["a single dash before a flag", ["-all"], "-all is no flag"],
    ["a letter that nobody defined", ["--all", "-x"], "-x is no flag"],
    ["a dotted flag, which yargs makes an object of", ["--repo.x=1"], "--repo.x is no flag"],
    ["__proto__", ["--__proto__=1", "--all"], "--__proto__ is no flag"],
    ["a missing value before a flag", ["--repo", "--json"], "--repo has no value"],
    ["a missing value at the end", ["--all", "--days"], "--days has no value"],
    ["a missing value before --", ["--repo", "--", "x"], "--repo has no value"],
    ["an empty value", ["--repo="], "the value of --repo is empty"],
    ["an empty value of its own", ["--repo", ""], "the value of --repo is empty"],
    ["a value of spaces", ["--repo", "  "], "the value of --repo is empty"],
    ["letters for a number", ["--all", "--days", "abc"], '--days is "abc"'],
    ["NaN", ["--all", "--days=NaN"], '--days is "NaN"'],
    ["a hexadecimal number", ["--all", "--days", "0x10"], '--days is "0x10"'],
    ["an exponent", ["--all", "--days", "1e3"], '--days is "1e3"'],
    ["a fraction", ["--all", "--days", "1.5"], '--days is "1.5"'],
    ["Infinity", ["--all", "--days", "Infinity"], '--days is "Infinity"'],
    ["a number below the range", ["--all", "--days", "0"], '--days is "0"'],
    ["a negative number", ["--all", "--days", "-5"], '--days is "-5"'],
    ["a number above the range", ["--all", "--days", "3651"], '--days is "3651"'],
    ["a choice that is none", ["--all", "--source", "cron"], '--source is "cron"'],
    ["a repeated option", ["--repo", "a", "--repo=b"], "--repo is given more than once"],
    ["a repeated switch", ["--all", "--all"], "--all is given more than once"],
    ["a switch and its opposite", ["--all", "--strict", "--no-strict"], "--strict is given more than once"],
    ["a switch with a value, which yargs reads as false", ["--all=yes"], "--all has a value"],
    ["a switch followed by false, which yargs swallows", ["--all", "false"], '--all is followed by "false"'],
    ["the opposite of a switch that has none", ["--no-all"], "--no-all does not exist"],
    ["a word too many", ["--all", "x"], '"x" is one word too many'],
    ["a word after --", ["--all", "--", "--json"], '"--json" is one word too many'],
    ["none of a group", [], "neither --repo nor --all"],
    ["two of a group", ["--all", "--repo", "x"], "--repo and --all together"],
  ];
  test.each(table)("%s", (_name, argv, observed) => {
    const failure = refused(flat, argv);
    expect(failure.kind).toBe("usage");
    expect(failure.observed).toContain(observed);
    expect(failure.hint).toStartWith("scripts/flat.ts ");
  });
});

describe("parseArguments() refuses, of subcommands,", () => {
  const table: [name: string, argv: string[], observed: string, hint: string][] = [
    ["none at all", [], "no command", "scripts/commands.ts --help"],
    ["half a command", ["repo"], '"repo"', "scripts/commands.ts"],
    ["a mistyped second word", ["repo", "lsit"], '"repo lsit"', "scripts/commands.ts repo list --help"],
    ["a mistyped first word", ["exlain", "x"], '"exlain"', "scripts/commands.ts explain --help"],
    [
      "its flags before it",
      ["--slug", "s", "repo", "add", "."],
      "--slug stands before it",
      "scripts/commands.ts --help",
    ],
    [
      "another command's flag",
      ["explain", "x", "--slug", "s"],
      "--slug is no flag",
      "scripts/commands.ts explain --help",
    ],
    ["a missing argument", ["repo", "add"], "PATH is missing", "scripts/commands.ts repo add --help"],
    ["an empty argument", ["explain", ""], "ID is empty", "scripts/commands.ts explain --help"],
    ["a second argument", ["explain", "a", "b"], '"b" is one word too many', "scripts/commands.ts explain --help"],
  ];
  test.each(table)("%s", (_name, argv, observed, hint) => {
    const failure = refused(commands, argv);
    expect(failure.kind).toBe("usage");
    expect(failure.observed).toContain(observed);
    expect(failure.hint).toStartWith(hint);
  });
});

test("parseArguments() gives defaults, and undefined for what has none", () => {
  const { args } = parseArguments(flat, ["--all"]);
  expect(args).toEqual({
    repo: undefined,
    all: true,
    days: 30,
    source: "manual",
    strict: undefined,
    act: "result",
  });
});

test("parseArguments() takes values as they were typed", () => {
  const argv = ["--repo=-x", "--days", "007", "--source=api", "--no-strict"];
  expect(parseArguments(flat, argv).args).toMatchObject({ repo: "-x", days: 7, source: "api", strict: false });
  for (const repo of ["0x10", "1e3", "true", "a=b=c", '"quoted"', "a.b", "a\nb", "it's"]) {
    expect(parseArguments(flat, [`--repo=${repo}`]).args.repo).toBe(repo);
    expect(parseArguments(flat, ["--repo", repo]).args.repo).toBe(repo);
  }
});

test("parseArguments() finds a command behind common flags and keeps the words in order", () => {
  const parsed = parseArguments(commands, ["--json", "repo", "add", "a", "--slug", "s", "007", "--", "--odd", "-1"]);
  expect(parsed.command).toBe("repo add");
  expect(parsed.common.json).toBe(true);
  expect(parsed.args).toEqual({ slug: "s", path: ["a", "007", "--odd", "-1"] });
});

test("parseArguments() lets --help and --version win over everything that is wrong", () => {
  expect(parseArguments(flat, ["--repo", "--help", "--nonsense"]).wants).toBe("help");
  expect(parseArguments(commands, ["repo", "add", "-h"])).toMatchObject({ wants: "help", command: "repo add" });
  expect(parseArguments(commands, ["nonsense", "--help"])).toMatchObject({ wants: "help", command: "" });
  expect(parseArguments(commands, ["--version"]).wants).toBe("version");
});

test("parseArguments() offers the corrected command, quoted for a shell", () => {
  expect(refused(flat, ["--rpo=it's", "--source", "api"]).hint).toBe("scripts/flat.ts '--repo=it'\\''s' --source api");
});

const done = async () => ({ exitCode: 0 as const, document: {}, render: () => "" });
const both = defineScript({
  ...{ name: "both.ts", promise: "Does one thing bare, and others by name.", reads: [], writes: [] },
  commands: [
    command({ name: "", promise: "Bare.", flags: { from: { kind: "string", describe: "Where from" } }, run: done }),
    command({
      name: "list",
      promise: "Lists.",
      flags: { from: { kind: "string", describe: "Where from" } },
      run: done,
    }),
  ],
});

test("parseArguments() takes a flag before the first word for the bare script's own, whatever its value is called", () => {
  for (const argv of [["--from", "list"], ["--from=list"], ["--json", "--from", "list"]]) {
    expect(parseArguments(both, argv)).toMatchObject({ command: "", args: { from: "list" } });
  }
  expect(parseArguments(both, ["list", "--from", "x"])).toMatchObject({ command: "list", args: { from: "x" } });
  expect(parseArguments(both, ["--json", "list"])).toMatchObject({ command: "list" });
  expect(parseArguments(both, [])).toMatchObject({ command: "" });
  expect(() => parseArguments(both, ["--from", "x", "list"])).toThrow("Could not use these arguments");
  expect(() => parseArguments(both, ["--nothing", "list"])).toThrow();
});

describe("parseArguments() and words that are for another program", () => {
  const passing = defineScript({
    name: "passing.ts",
    promise: "Passes words on.",
    reads: [],
    writes: [],
    positional: { name: "words", describe: "All of them", required: true, many: true, verbatim: true },
    flags: { within: { kind: "integer", describe: "Seconds" }, dry: { kind: "boolean", describe: "Do nothing" } },
    run: async () => ({ exitCode: 0 as const, document: {}, render: () => "" }),
  });
  const parsed = (...argv: string[]) => parseArguments(passing, argv);

  test("begin with the first one that is no flag, and are left as they are", () => {
    const words = ["host", "--within", "x", "--json", "--help", "", "--", "-x", "--dry=no"];
    for (const dashes of [[], ["--"]]) {
      expect(parsed("--within", "5", "--dry", ...dashes, ...words)).toMatchObject({
        wants: "run",
        args: { within: 5, dry: true, words },
        common: { json: false },
      });
    }
  });

  test("leave the script its own flags, and their faults", () => {
    expect(parsed("--help", "host").wants).toBe("help");
    expect(parsed("--within=5", "host").args).toMatchObject({ within: 5, words: ["host"] });
    expect(refused(passing, ["--width", "5", "host"]).observed).toContain("--width is no flag");
    expect(refused(passing, ["--dry"]).observed).toContain("WORDS is missing");
  });
});
