// The folder of runs that wait: nobody else's, whole files, in the order in which they came.
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  nextName,
  openSpoolFolder,
  removeLeftovers,
  spooledFiles,
  spoolFolder,
} from "../../../../lib/consistency/sweep/spool_folder.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove());
let homes = 0;
const newHome = () => join(temporary.path, `home-${++homes}`);
const permissions = (path: string) => (lstatSync(path).mode & 0o777).toString(8);
const ID = "0190a8e2-7b1c-7000-8000-00000000000a";

describe("openSpoolFolder()", () => {
  test("makes folders that nobody else can look into, below a home that others can pass through", () => {
    const home = newHome();
    const folder = spoolFolder(home, "key");
    openSpoolFolder(home, folder);
    expect([home, dirname(folder), folder].map(permissions)).toEqual(["755", "700", "700"]);
    chmodSync(folder, 0o777);
    openSpoolFolder(home, folder);
    expect(permissions(folder)).toBe("700");
  });

  test("refuses a link, and a folder of another user", () => {
    const home = newHome();
    const elsewhere = join(temporary.path, "elsewhere");
    mkdirSync(elsewhere, { recursive: true });
    mkdirSync(join(home, "spool"), { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere, spoolFolder(home, "key"));
    expect(() => openSpoolFolder(home, spoolFolder(home, "key"))).toThrow("Could not use the folder of runs that wait");
    // Of another user there is one on every machine, but only root can give a folder away.
    if (process.geteuid?.() !== 0) return;
    const given = newHome();
    mkdirSync(join(given, "spool"), { recursive: true, mode: 0o700 });
    Bun.spawnSync(["chown", "65534", join(given, "spool")]);
    expect(() => openSpoolFolder(given, spoolFolder(given, "key"))).toThrow("runs that wait");
    expect(existsSync(spoolFolder(given, "key"))).toBe(false);
  });
});

describe("spooledFiles()", () => {
  test("gives the runs in the order of their names, and nothing else that lies there", () => {
    const home = newHome();
    const folder = spoolFolder(home, "key");
    expect(spooledFiles(folder)).toEqual([]);
    openSpoolFolder(home, folder);
    const [second, first] = [`0000000010-${ID}.json`, `0000000009-${ID}.json`];
    for (const name of [second, first, `.${first}.12.tmp`, `${first}.unreadable`, "notes.json"])
      writeFileSync(join(folder, name), "x");
    expect(spooledFiles(folder)).toEqual([first, second]);
  });
});

describe("nextName()", () => {
  test("counts on from the last file", () => {
    expect(nextName([], ID)).toBe(`0000000001-${ID}.json`);
    expect(nextName([`0000000009-${ID}.json`, `0000000041-${ID}.json`], ID)).toBe(`0000000042-${ID}.json`);
  });
});

describe("removeLeftovers()", () => {
  test("removes what a killed run had begun an hour ago, not what another one is writing now", () => {
    const home = newHome();
    const folder = spoolFolder(home, "key");
    openSpoolFolder(home, folder);
    const [old, young] = [`.0000000001-${ID}.json.12.tmp`, `.0000000002-${ID}.json.13.tmp`];
    for (const name of [old, young]) writeFileSync(join(folder, name), "{");
    const past = Date.now() / 1000 - 3_601;
    utimesSync(join(folder, old), past, past);
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual([young]);
  });
});
