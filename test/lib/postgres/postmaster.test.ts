import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPostmasterOf, lookAtPostmaster, parsePostmasterPid } from "../../../lib/postgres/postmaster.ts";
import { commandLineOf } from "../../../lib/postgres/process_table.ts";
import { testServer } from "../../support/postgres_server.ts";

const WHOLE = "4711\n/srv/data\n1795228558\n44785\n\n127.0.0.1\n  5550337    131072\nready   \n";
const TEXTS: [string, string, ReturnType<typeof parsePostmasterPid>][] = [
  ["a whole file", WHOLE, { pid: 4711, port: 44785, status: "ready" }],
  ["a file that is still growing", "4711\n/srv/data\n1795228558\n44785\n", { pid: 4711, port: 44785, status: "" }],
  ["only a pid", "4711", { pid: 4711, port: null, status: "" }],
  ["a single-user backend", "-4711\n/srv/data\n1795228558\n0\n", { pid: 4711, port: null, status: "" }],
  ["an empty file", "", null],
  ["something else", "hello\n", null],
];
for (const [name, text, parsed] of TEXTS) {
  test(`parsePostmasterPid() reads ${name}`, () => {
    expect(parsePostmasterPid(text)).toEqual(parsed);
  });
}

test("lookAtPostmaster() tells a pid of somebody else and a pid of nobody from a server", () => {
  const directory = mkdtempSync(join(tmpdir(), "state-hub-pid-file-"));
  try {
    expect(lookAtPostmaster(directory)).toEqual({ state: "none" });
    const withPid = (pid: number) =>
      writeFileSync(join(directory, "postmaster.pid"), WHOLE.replace("4711", String(pid)));
    withPid(process.pid);
    expect(lookAtPostmaster(directory)).toEqual({ state: "stale", pid: process.pid, pidInUse: true });
    // Above the largest pid that Linux and macOS give (2^22).
    withPid(2 ** 22 + 1);
    expect(lookAtPostmaster(directory)).toEqual({ state: "stale", pid: 2 ** 22 + 1, pidInUse: false });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("isPostmasterOf() knows a server by its own data directory only", async () => {
  const { pid, dataDirectory } = await testServer();
  expect(isPostmasterOf(pid, dataDirectory)).toBe(true);
  expect(isPostmasterOf(pid, `${dataDirectory}-other`)).toBe(false);
  expect(isPostmasterOf(pid, dataDirectory.slice(0, -1))).toBe(false);
}, 60_000);

test("commandLineOf() agrees with ps, which is all that macOS has", () => {
  const child = Bun.spawn(["sleep", "1000"]);
  try {
    expect(commandLineOf(child.pid, "darwin")).toBe("sleep 1000");
    expect(commandLineOf(child.pid, "linux")).toBe("sleep 1000");
    expect(commandLineOf(2 ** 22 + 1, "darwin")).toBe("");
  } finally {
    child.kill("SIGKILL");
  }
});
