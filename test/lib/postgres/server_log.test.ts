import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLogLine, loggedSince, markLog, tellingLine } from "../../../lib/postgres/server_log.ts";

const PREFIX = "2026-11-21 02:35:58.930 UTC [5700] ";
const TEXTS: [string, string, string | null][] = [
  [
    "the last FATAL before the farewell",
    `${PREFIX}FATAL:  no room\n${PREFIX}LOG:  database system is shut down\n`,
    "FATAL:  no room",
  ],
  [
    "initdb's own word",
    'creating directory /x ... initdb: error: could not create directory "/x": Denied\ninitdb: removing\n',
    'creating directory /x ... initdb: error: could not create directory "/x": Denied',
  ],
  ["the last line where none complains", `${PREFIX}LOG:  one\n${PREFIX}LOG:  two\n\n`, "LOG:  two"],
  ["nothing in an empty text", "\n", null],
];
for (const [name, text, line] of TEXTS) {
  test(`tellingLine() finds ${name}`, () => {
    expect(tellingLine(text)).toBe(line);
  });
}

test("loggedSince() leaves out what stood there before, in old files and in new ones", () => {
  const directory = mkdtempSync(join(tmpdir(), "state-hub-log-"));
  try {
    expect(lastLogLine(directory)).toBe("nothing yet");
    mkdirSync(join(directory, "log"));
    writeFileSync(join(directory, "log/postgresql-Fri.log"), "FATAL:  last week\n");
    const mark = markLog(directory);
    expect(loggedSince(directory, mark)).toBe("");
    appendFileSync(join(directory, "log/postgresql-Fri.log"), "late on Friday\n");
    writeFileSync(join(directory, "log/postgresql-Sat.log"), "early on Saturday\n");
    expect(loggedSince(directory, mark).trim().split("\n").sort()).toEqual(["early on Saturday", "late on Friday"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
