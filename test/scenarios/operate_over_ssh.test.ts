// The page about working on another machine, as its reader follows it: every command in order, on a machine that is reached
// through a real sshd and has its own account, settings and systemd.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { EXIT_CODES } from "../../lib/cli/exit_codes.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type FarMachine, farMachine } from "../support/far_machine.ts";
import { rehearse, runbookReader } from "../support/runbook_reader.ts";

const ROOT = join(import.meta.dir, "../..");
const SETUP_MS = 60_000;
let machine: FarMachine;
beforeAll(async () => {
  machine = await farMachine();
}, SETUP_MS);
afterAll(() => machine.stop(), SETUP_MS);

/** The reader looks again until it has ended. */
const longRunEnded = () =>
  waitUntil({ forWhat: "the long run to end", deadlineMs: SETUP_MS }, async () => {
    const { stdout } = await machine.systemctl("show", "hub-sweep-once", "--property=SubState");
    return /SubState=(exited|failed)/.test(stdout) ? { found: true } : { seen: stdout.trim() };
  });

const page = rehearse({
  page: "operate_over_ssh",
  reader: () => runbookReader({ env: machine.env }),
  before: { "long-result": longRunEnded },
});

test("the long run was a sweep over there, by the hub's own word", async () => {
  const [row] = await machine.hub.database.sql`select count(*)::int as n from workstreams`;
  expect(row?.n).toBe(1);
});

test("the page names every exit code that a script has", () => {
  const [table = ""] = /\| exit \| it means \|\n[\s\S]*?\n\n/.exec(page.text) ?? [];
  const named = [...table.matchAll(/^\| ([\d, ]+)/gm)].flatMap(([, codes = ""]) => codes.split(",").map(Number));
  expect(EXIT_CODES.map(({ code }) => code).filter((code) => !named.includes(code))).toEqual([]);
});

/** Said by systemd, not by the toolkit. */
const OF_OTHERS = ["Failed to connect to bus", "... was already loaded"];

test("what the page says that it says is what the toolkit says", () => {
  const refusals = page.text.slice(page.text.indexOf("## If it refuses"), page.text.indexOf("## Last rehearsed"));
  const cells = refusals.split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split(" | ")[0] ?? ""] : []));
  const quoted = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words));
  const sources = [...new Glob("{lib,scripts}/**/*").scanSync(ROOT)];
  const said = sources.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  expect(quoted.length).toBeGreaterThan(15);
  expect(quoted.filter((words) => !said.includes(words) && !OF_OTHERS.includes(words))).toEqual([]);
});
