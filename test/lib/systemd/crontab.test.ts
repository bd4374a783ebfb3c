// The account's cron table, by programs of that name that say what crontab(1) says: here is no cron.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crontabLines } from "../../../lib/systemd/crontab.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

describe("crontabLines()", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => folder.remove());

  const lines = (script: string) => {
    writeFileSync(join(folder.path, "crontab"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder.path, "crontab"), 0o755);
    return crontabLines({ env: { PATH: `${folder.path}:/bin:/usr/bin` }, signal: new AbortController().signal });
  };

  test("gives the lines as they stand, and is asked to list, nothing else", async () => {
    expect(await lines('test "$*" = -l && printf "# a\\n\\n0 3 * * * b\\n"')).toEqual(["# a", "0 3 * * * b"]);
  });

  test("is empty without a table, and without a crontab program", async () => {
    expect(await lines('echo "no crontab for ops" >&2; exit 1')).toEqual([]);
    expect(await lines(`echo "crontab: can't open 'ops': No such file or directory" >&2; exit 1`)).toEqual([]);
    const env = { PATH: "/nonexistent" };
    expect(await crontabLines({ env, signal: new AbortController().signal })).toEqual([]);
  });

  test("is a failure when a table cannot be read", async () => {
    const denied = lines('echo "You (ops) are not allowed to use this program (crontab)" >&2; exit 1');
    await expect(denied).rejects.toMatchObject({
      message: "Could not read the account's cron table",
      observed: "You (ops) are not allowed to use this program (crontab)",
      hint: "crontab -l",
    });
  });
});
