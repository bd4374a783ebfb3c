// A mirror that grows for years: packed when git would find it due, at most once a day, and never in the way of a run.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { commitOffTree } from "../../../../lib/git/commit_off_tree.ts";
import { openMirror } from "../../../../lib/git/mirror/mirror.ts";
import { tidyMirror } from "../../../../lib/git/mirror/tidy_mirror.ts";
import { blobId } from "../../../../lib/git/work_tree.ts";
import { openRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { writeObject } from "../../../support/hostile_repo.ts";
import { makeMirrored } from "../../../support/remotes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;

/** A mirror with as many loose objects in the folder 17 as make git guess that there are too many. */
async function grownMirror() {
  const home = join(folder.path, String(++scene));
  const mirror = await openMirror(home, "a", "0".repeat(40));
  const repo = openRepo(mirror.path);
  for (let at = 0, found = 0; found < 28; at++) {
    const text = `${at}\n`;
    if (!blobId(Buffer.from(text), 40).startsWith("17")) continue;
    const id = await writeObject(repo, "blob", text);
    await repo.git("update-ref", `refs/state-hub/${++found}`, id);
  }
  return mirror.path;
}

const packs = (path: string) => readdirSync(join(path, "objects/pack")).filter((name) => name.endsWith(".pack")).length;

describe("tidyMirror()", () => {
  test("tidyMirror() packs a mirror that has too many loose objects", async () => {
    const path = await grownMirror();
    await tidyMirror(path, { deadlineMs: 20_000 });
    expect([packs(path), existsSync(join(path, "objects/17"))]).toEqual([1, false]);
  });

  test("tidyMirror() packs a mirror that has too many packs, and not again on the same day", async () => {
    const { mirror, first } = await makeMirrored(join(folder.path, String(++scene)));
    const manyPacks = async () => {
      for (let at = 0; at < 51; at++) {
        const files = [{ path: "a.md", mode: "100644", bytes: crypto.getRandomValues(new Uint8Array(8)) }] as const;
        await commitOffTree(mirror, { parent: first, files, message: "Write" });
      }
    };
    await manyPacks();
    await tidyMirror(mirror.path, { deadlineMs: 20_000 });
    expect(packs(mirror.path)).toBe(1);
    await manyPacks();
    await tidyMirror(mirror.path, { deadlineMs: 20_000 });
    expect(packs(mirror.path)).toBe(52);
    utimesSync(join(mirror.path, "state-hub-tidied"), 0, 0);
    await tidyMirror(mirror.path, { deadlineMs: 20_000 });
    expect(packs(mirror.path)).toBe(1);
  });

  test("tidyMirror() leaves a small mirror alone", async () => {
    const home = join(folder.path, String(++scene));
    const { path } = await openMirror(home, "a", "0".repeat(40));
    await tidyMirror(path, { deadlineMs: 20_000 });
    expect(readdirSync(path)).not.toContain("state-hub-tidied");
  });

  test("tidyMirror() says nothing of a gc that does not end in time, but obeys the signal", async () => {
    const path = await grownMirror();
    await tidyMirror(path, { deadlineMs: 1 });
    utimesSync(join(path, "state-hub-tidied"), 0, 0);
    const signal = AbortSignal.abort(new Error("the lock is gone"));
    await expect(tidyMirror(path, { deadlineMs: 20_000, signal })).rejects.toThrow("the lock is gone");
  });
});
