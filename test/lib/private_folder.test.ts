// A private folder, and what is made above it on the way.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder } from "../../lib/private_folder.ts";
import { temporaryFolder } from "../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("makePrivateFolder() makes a home that others get through, and in it a folder that they don't", () => {
  const home = join(folder.path, "new/home");
  makePrivateFolder(join(home, "runbooks"));
  expect([home, join(home, "runbooks")].map(modeOf)).toEqual(["755", "700"]);
});

test("makePrivateFolder() leaves the modes of what is there", () => {
  const home = join(folder.path, "old");
  mkdirSync(join(home, "runbooks"), { recursive: true });
  chmodSync(home, 0o711);
  makePrivateFolder(join(home, "runbooks"));
  expect([home, join(home, "runbooks")].map(modeOf)).toEqual(["711", "755"]);
});
