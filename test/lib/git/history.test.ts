// Which of two commits is the newer one: a wrong answer makes an old state of a file win.
import { afterAll, describe, expect, test } from "bun:test";
import { checkoutAt } from "../../../lib/git/checkout.ts";
import { isAncestor } from "../../../lib/git/history.ts";
import { makeRepo, type TestRepo, temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const fresh = () => makeRepo(folder.path, "repo", { "a.txt": "a\n" });
const head = async (repo: TestRepo) => (await repo.git("rev-parse", "HEAD")).trim();

function at(repo: TestRepo) {
  const found = checkoutAt(repo.path);
  if (found === null) throw new Error(`no checkout at ${repo.path}`);
  return found;
}

describe("isAncestor()", () => {
  test("tells before, after and beside, and null where an object is missing", async () => {
    const repo = await fresh();
    const first = await head(repo);
    const second = await repo.commit({ "b.txt": "b\n" });
    await repo.git("checkout", "--quiet", "-b", "beside", first);
    const beside = await repo.commit({ "c.txt": "c\n" });
    const asked = [
      [first, second],
      [second, first],
      [second, beside],
      [first, first],
      ["1".repeat(40), first],
    ] as const;
    const answers = [];
    for (const [ancestor, commit] of asked) answers.push(await isAncestor(at(repo), ancestor, commit));
    expect(answers).toEqual([true, false, false, true, null]);
  });
});
