// The page about working on another machine, as its reader follows it: every command in order, on a machine that is reached
// through a real sshd and has its own account, settings and systemd.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { EXIT_CODES } from "../../lib/cli/exit_codes.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type FarMachine, farMachine } from "../support/far_machine.ts";
import { rehearse, runbookReader } from "../support/runbook_reader.ts";

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
