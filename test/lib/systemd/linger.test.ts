// Whether an account lingers, by programs of that name that say what loginctl(1) says: here is no logind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lingers } from "../../../lib/systemd/linger.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

describe("lingers()", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => folder.remove());

  const asked = (script: string, path = `${folder.path}:/bin:/usr/bin`) => {
    writeFileSync(join(folder.path, "loginctl"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder.path, "loginctl"), 0o755);
    return lingers({ env: { PATH: path }, signal: new AbortController().signal }, 1000);
  };

  test("is what loginctl says of the account", async () => {
    expect(await asked('test "$*" = "show-user --property=Linger --value -- 1000" && echo yes')).toBe(true);
    expect(await asked("echo no")).toBe(false);
    expect(await asked('echo "Failed to get user: User ID 1000 is not logged in or lingering" >&2; exit 1')).toBe(
      false,
    );
  });

  test("is null where it cannot be asked", async () => {
    expect(await asked('echo "Failed to connect to bus: No such file or directory" >&2; exit 1')).toBeNull();
    expect(await asked("echo")).toBeNull();
    expect(await asked("echo yes", "/nonexistent")).toBeNull();
  });
});
