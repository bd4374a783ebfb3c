// The runbooks against the program: headings, blocks, links and rows that an operator will look for, every command parsed by
// its own script, every quoted word searched for in the sources. That their commands work is shown in test/scenarios/.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../lib/cli/define_script.ts";
import { parseArguments } from "../lib/cli/parse_arguments.ts";
import { CHECKS } from "../lib/consistency/checks.ts";
import type { LeftCode } from "../lib/git/advance/left_alone.ts";
import { classOf } from "./support/block_class.ts";
import { isSaid, quotedIn } from "./support/quoted_words.ts";
import { isCommand, linksIn, type Runbook, readRunbook, wordsOf } from "./support/runbook_blocks.ts";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "runbooks");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
const pages = new Map(files.map((name) => [name, readRunbook(join(FOLDER, name))]));
const runbooks = [...pages.values()].filter(({ file }) => file !== "README.md");
const index = pageNamed("README.md");
const sweepBook = pageNamed("consistency_sweep.md");

const HEADINGS = [
  "When to open this",
  "Before you start",
  "Look",
  "Do",
  "How you know it worked",
  "How to go back",
  "If it refuses",
  "Last rehearsed",
];
const LANGUAGES: Readonly<Record<string, string>> = {
  run: "bash",
  plan: "bash",
  danger: "bash",
  output: "text",
  text: "text",
};

function pageNamed(name: string): Runbook {
  const page = pages.get(name);
  if (!page) throw new Error(`there is no runbooks/${name}`);
  return page;
}

describe("every runbook", () => {
  test("has the same headings, in order", () => {
    for (const { file, headings } of runbooks) {
      const found = headings.filter(({ level }) => level === 2).map(({ text }) => text);
      expect([file, ...found]).toEqual([file, ...HEADINGS]);
    }
  });

  test("has only fences of a known class, in the language that GitHub colours, each with a name of its own", () => {
    for (const { file, blocks } of pages.values()) {
      const wrong = blocks.filter(
        ({ language, kind, name }) => LANGUAGES[kind] !== language || !/^[a-z][a-z0-9-]*$/.test(name),
      );
      expect(wrong.map(({ line, language, kind, name }) => `${file}:${line}: ${language} ${kind} ${name}`)).toEqual([]);
      const names = blocks.map(({ name }) => name);
      expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    }
  });

  test("has one command a block, that bash can read", async () => {
    for (const { file, blocks } of runbooks) {
      for (const block of blocks.filter(isCommand)) {
        const place = `${file}:${block.line}`;
        const checked = Bun.spawnSync(["bash", "-n", "-c", block.text]);
        expect([place, checked.stderr.toString()]).toEqual([place, ""]);
        expect([place, isOneCommand(block.text)]).toEqual([place, true]);
      }
    }
  });

  test("calls a command what it is: a plan, a danger, or what the schedule does anyway", () => {
    for (const { file, blocks } of runbooks) {
      const wrong = blocks.filter((block) => isCommand(block) && block.kind !== classOf(block.text));
      expect(wrong.map(({ line, kind, text }) => `${file}:${line}: ${kind} ${text.trim()}`)).toEqual([]);
    }
  });

  test("shows beneath a command what to see, under the command's name", () => {
    for (const { file, blocks } of runbooks) {
      const lonely = blocks.filter(({ kind, name }, at) => {
        const before = blocks[at - 1];
        return kind === "output" && !(before && isCommand(before) && name === `${before.name}-output`);
      });
      expect(lonely.map(({ line }) => `${file}:${line}`)).toEqual([]);
    }
  });

  test("names only commands that their scripts accept, in blocks, tables and text", () => {
    const commands = runbooks.flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.filter(isRefused)).toEqual([]);
  });

  test("links only to headings that are there", () => {
    for (const { file, text } of pages.values()) {
      const dead = linksIn(text).filter((link) => {
        // Beside the runbooks only whole pages are linked to.
        if (link.file.startsWith("../")) return link.anchor !== null || !existsSync(join(FOLDER, link.file));
        const target = pages.get(link.file === "" ? file : link.file);
        return !target || (link.anchor !== null && !target.headings.some(({ anchor }) => anchor === link.anchor));
      });
      expect([file, dead]).toEqual([file, []]);
    }
  });

  test("is found in the index, by a symptom", () => {
    const found = new Set(linksIn(index.text).map(({ file }) => file));
    expect(runbooks.map(({ file }) => file).filter((file) => !found.has(file))).toEqual([]);
  });
});

describe("the runbook of the sweep", () => {
  const refusals = sweepBook.rows.filter(({ section }) => section === "If it refuses").map(({ cells }) => cells);

  test("has one row for C-00 and one for every check of the registry, with a command to look further", () => {
    const rows = refusals.filter(([id]) => /^C-\d\d$/.test(id ?? ""));
    expect(rows.map(([id]) => id)).toEqual(["C-00", ...CHECKS.map(({ id }) => id)]);
    expect(rows.filter(([, , look]) => !/^`(scripts\/|git )[^`]+`$/.test(look ?? ""))).toEqual([]);
  });

  test("says for every reason to leave a checkout alone what to do about it", () => {
    const codes = refusals.map(([code]) => code?.replaceAll("`", "") ?? "").filter((code) => code in LEFT_CODES);
    expect(codes.toSorted()).toEqual(Object.keys(LEFT_CODES).sort());
  });
});

describe("what the runbooks quote", () => {
  test("is what the program says, or what git says", () => {
    const quoted = [...pages.values()].flatMap(({ rows }) => rows.flatMap(quotedIn));
    expect(quoted.length).toBeGreaterThan(50);
    expect(quoted.filter((words) => !isSaid(words))).toEqual([]);
  });
});

/** One for each; a new one is a type error here until the runbook has its row. */
const LEFT_CODES = {
  missing: true,
  bare: true,
  not_ours: true,
  read_only: true,
  other_branch: true,
  detached: true,
  unborn: true,
  diverged: true,
  merging: true,
  rebasing: true,
  cherry_picking: true,
  reverting: true,
  bisecting: true,
  locked: true,
  dirty: true,
  would_overwrite: true,
  submodule: true,
  no_room: true,
  program_key: true,
  foreign_git_dir: true,
  failed: true,
  raced: true,
} satisfies Record<LeftCode, true>;

/** The places in a runbook where a command of the toolkit stands. */
function commandsIn({ blocks, text }: Runbook): string[] {
  const inBlocks = blocks
    .filter((block) => isCommand(block) && block.text.startsWith("scripts/"))
    .map((block) => block.text.trim());
  return [...inBlocks, ...[...text.matchAll(/`(scripts\/[^`]+)`/g)].map((match) => match[1] ?? "")];
}

const scripts = new Map<string, Script>();
for (const file of readdirSync(join(ROOT, "scripts")).filter((name) => name.endsWith(".ts"))) {
  scripts.set(`scripts/${file}`, ((await import(join(ROOT, "scripts", file))) as { script: Script }).script);
}

function isRefused(command: string): boolean {
  const [name = "", ...argv] = wordsOf(command);
  const script = scripts.get(name);
  try {
    if (script) parseArguments(script, argv);
    return !script;
  } catch {
    return true;
  }
}

/** One line without anything that joins commands, outside of quotes. */
function isOneCommand(text: string): boolean {
  const bare = text.trim().replace(/'[^']*'|"[^"]*"/g, "Q");
  return !/[\n;|&`]|\$\(/.test(bare);
}
