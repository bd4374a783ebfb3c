// What is taken out of a transcript. Values are made up here, none is anybody's.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scrubberFor } from "../../../../lib/runbook/run/scrubber.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

test("scrubberFor() hides the values of variables that are called like secrets, the longest first", () => {
  const scrub = scrubberFor({ STATE_HUB_TOKEN: "abcdef", OTHER_TOKEN: "abcdefgh", BED: "north-bed" });
  expect(scrub("t=abcdef u=abcdefgh bed=north-bed")).toBe("t=*** u=*** bed=north-bed");
});

test("scrubberFor() hides a password wherever it stands, plain or as its URL has it", () => {
  const scrub = scrubberFor({ DATABASE_URL: "postgres://hub:gre%40nish@db/hub" });
  expect(scrub("postgres://hub:gre%40nish@db/hub; gre@nish; gre%40nish")).not.toMatch(/gre.*nish/);
});

test("scrubberFor() hides what a secret's file holds, also one that is written while the run goes on", () => {
  const folder = temporaryFolder();
  try {
    const file = join(folder.path, "token");
    const scrub = scrubberFor({ TOKEN_FILE: file, DATABASE_URL_FILE: join(folder.path, "url") });
    expect(scrub("nothing yet")).toBe("nothing yet");
    writeFileSync(file, "0123456789ABCDEF\n");
    writeFileSync(join(folder.path, "url"), "postgres://hub:marigold@db/hub\n");
    expect(scrub(`Bearer 0123456789ABCDEF from ${file}; marigold`)).toBe(`Bearer *** from ${file}; ***`);
  } finally {
    folder.remove();
  }
});

test("scrubberFor() hides credentials by their form, with no variable that names them, however many there are", () => {
  const scrub = scrubberFor({});
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----";
  expect(scrub(`before\n${key}\nafter`)).toBe("before\n***\nafter");
  expect(scrub(key.slice(0, 50))).toBe("***");
  const token = `ghp_${"a1B2c3D4".repeat(5)}`;
  expect(scrub(Array.from({ length: 120 }, () => token).join(" "))).not.toContain("a1B2");
});

test("scrubberFor() leaves short values alone: they stand in every line by chance", () => {
  expect(scrubberFor({ MY_TOKEN: "on" })("one on two")).toBe("one on two");
});
