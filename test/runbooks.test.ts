// The runbooks against the program: the lint has nothing to say of them, every check and reason has its row, and every quoted
// word is searched for in the sources. That their commands work is shown in test/scenarios/.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Io } from "../lib/cli/define_script.ts";
import { CHECKS } from "../lib/consistency/checks.ts";
import type { LeftCode } from "../lib/git/advance/left_alone.ts";
import type { LintReport } from "../lib/runbook/lint_report.ts";
import { readRunbook } from "../lib/runbook/read_runbook.ts";
import { toolkitPages } from "../lib/runbook/toolkit_pages.ts";
import { script } from "../scripts/runbook.ts";
import { isSaid, quotedIn } from "./support/quoted_words.ts";

const ROOT = join(import.meta.dir, "..");
const pages = toolkitPages(ROOT).filter(({ kind }) => kind !== "document");
const sweepBook = readRunbook(join(ROOT, "runbooks/consistency_sweep.md"));

describe("every runbook", () => {
  test("is clean: headings, blocks, classes, commands, links, as the lint sees them", async () => {
    const lint = script.commands.find(({ name }) => name === "lint");
    const began = performance.now();
    const outcome = await lint?.run({}, { signal: AbortSignal.timeout(30_000) } as Io);
    const { problems, counts, pages: looked } = { ...outcome?.document } as unknown as LintReport;
    expect(problems).toEqual([]);
    expect(outcome?.exitCode).toBe(0);
    expect(looked).toContain("runbooks/README.md");
    expect(counts.blocks).toBeGreaterThan(80);
    expect(counts.commands).toBeGreaterThan(100);
    // With every change is only run by hand as long as nobody waits for it.
    expect(performance.now() - began).toBeLessThan(5_000);
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
    const quoted = pages.flatMap(({ rows }) => rows.flatMap(quotedIn));
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
