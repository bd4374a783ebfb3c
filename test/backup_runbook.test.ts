// The runbook of backups as its reader lets runbook.ts run go through it, on a small hub: every command of the page but those of the
// units, from the keys to a hub that was lost and is there again. And its tables: one row for each way to fail that the script has.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { type BackupRunbookWorld, makeBackupRunbookWorld } from "./support/backup_runbook.ts";
import { neverRun, page, rehearseBackups } from "./support/backup_runbook_page.ts";

const ROOT = join(import.meta.dir, "..");
const WORLD_MS = 60_000;

describe("the runbook of backups", () => {
  let world: BackupRunbookWorld;
  beforeAll(async () => {
    world = await makeBackupRunbookWorld({ tasks: 200, progressEvents: 200 });
  }, WORLD_MS);
  afterAll(() => world?.remove(), WORLD_MS);

  rehearseBackups({ world: () => world });

  test("leaves no server and no copy behind", () => {
    expect(readdirSync(join(world.home, "drill")).filter((name) => !name.startsWith("."))).toEqual([]);
  });
});

describe("what the runbook of backups says", () => {
  test("is all run, here or with the units", () => expect(neverRun()).toEqual([]));

  test("of each reason not to verify has what it says, what it means and what to do", () => {
    const rows = page.rows.filter(({ section }) => section === "If it refuses");
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter(({ cells }) => cells.length !== 3 || cells.some((cell) => cell === ""))).toEqual([]);
  });

  test("names everything that the drill itself could not do", () => {
    const told = page.rows.filter(({ section }) => section === "If it refuses").map(({ cells }) => cells[0] ?? "");
    const quotes = told.flatMap((cell) =>
      [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, quote = ""]) => quote.split("...")),
    );
    const words = quotes.map((quote) => quote.trim()).filter((quote) => quote.length > 3);
    const untold = failures().filter(
      ({ says, all }) => !SAID_BY_ITSELF.has(says) && !words.some((quote) => all.includes(quote)),
    );
    expect(failures().length).toBeGreaterThan(30);
    expect(untold.map(({ says }) => says)).toEqual([]);
  });
});

/** Bugs of ours, for which no row could say more than to report them; and of a flag its own help says more. */
const SAID_BY_ITSELF = new Set([
  "Could not use a name in the store",
  "Could not read the sequences of the archive",
  "Could not find a part of the backup",
  `Could not use \${flag}`,
]);

/** Each failure of the drill and its stores where it is made, with what is said in it. */
function failures(): { readonly says: string; readonly all: string }[] {
  const files = [...new Glob("lib/drill/**/*.ts").scanSync(ROOT)].map((file) => readFileSync(join(ROOT, file), "utf8"));
  return files.flatMap((text) =>
    [...text.matchAll(/(?:new OpsFailure|usageFailure)\(\s*(?:"([^"]+)"|`([^`]+)`)/g)].map(
      ({ index, 1: plain, 2: template }) => ({
        says: plain ?? template ?? "",
        all: text.slice(index, index + 400),
      }),
    ),
  );
}
