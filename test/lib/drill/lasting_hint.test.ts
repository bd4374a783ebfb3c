import { afterAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lastingFailure, lastingHint } from "../../../lib/drill/lasting_hint.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const { path, remove } = temporaryFolder();
afterAll(remove);
mkdirSync(join(path, "there"));

test("lastingHint() names the folder above one that is gone, and leaves what is there or is not ours", () => {
  const hint = `df -h ${path}/drill-1-ab/dump; ls ${path}/there; ssh keeper@vault 'ls -la /gone/too'`;
  expect(lastingHint(hint, [path])).toBe(`df -h ${path}; ls ${path}/there; ssh keeper@vault 'ls -la /gone/too'`);
  expect(lastingHint(hint, [])).toBe(hint);
});

test("lastingFailure() changes the hint of a failure alone", () => {
  const cause = new Error("ENOSPC");
  const detail = { observed: "full", expected: "room", where: `${path}/gone`, cause };
  const failure = new OpsFailure("Could not write", { ...detail, hint: `df -h ${path}/gone` });
  expect(lastingFailure(failure, [path])).toMatchObject({
    message: "Could not write",
    ...detail,
    hint: `df -h ${path}`,
  });
  expect(lastingFailure(cause, [path])).toBe(cause);
});
