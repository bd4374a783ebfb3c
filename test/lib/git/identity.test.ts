// What makes two clones the same repository: wrong answers move rows.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { checkoutAt } from "../../../lib/git/checkout.ts";
import { isSameRemote, readIdentity } from "../../../lib/git/identity.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let scene = 0;
const fresh = () => makeRepo(join(folder.path, String(++scene)), "repo", { "a.txt": `${scene}\n` });
const head = async (repo: TestRepo) => (await repo.git("rev-parse", "HEAD")).trim();

function at(repo: TestRepo) {
  const found = checkoutAt(repo.path);
  if (found === null) throw new Error(`no checkout at ${repo.path}`);
  return found;
}

describe("readIdentity()", () => {
  test("gives the first commits and no remote where there is none", async () => {
    const repo = await fresh();
    const root = await head(repo);
    const tip = await repo.commit({ "b.txt": "b\n" });
    expect(await readIdentity(at(repo), tip)).toEqual({ remoteUrl: null, rootCommits: root });
  });

  test("gives all first commits in one order, whichever was merged into which", async () => {
    const repo = await fresh();
    const one = await head(repo);
    await repo.git("checkout", "--quiet", "--orphan", "other");
    const two = await repo.commit({ "c.txt": "c\n" });
    await repo.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "Both", "main");
    expect((await readIdentity(at(repo), await head(repo))).rootCommits).toBe([one, two].sort().join(" "));
  });

  test("gives the remote without user and password, and never what an included file says", async () => {
    const repo = await fresh();
    repo.edit({ included: '[remote "origin"]\n\turl = https://included.example/x.git\n' });
    await repo.git("config", "include.path", join(repo.path, "included"));
    const tip = await head(repo);
    expect((await readIdentity(at(repo), tip)).remoteUrl).toBeNull();
    await repo.git("config", "remote.origin.url", "https://me:s3cret-word@git.example/x.git");
    expect((await readIdentity(at(repo), tip)).remoteUrl).toBe("https://git.example/x.git");
  });

  test("can't know the first commits of a shallow clone", async () => {
    const repo = await fresh();
    await repo.commit({ "b.txt": "b\n" });
    const path = join(folder.path, String(scene), "shallow");
    await repo.git("clone", "--quiet", "--depth=1", `file://${repo.path}`, path);
    const shallow = openRepo(path);
    expect(await readIdentity(at(shallow), await head(shallow))).toEqual({
      remoteUrl: `file://${repo.path}`,
      rootCommits: null,
    });
  });
});

describe("isSameRemote()", () => {
  const spellings = [
    "https://git.example/team/repo.git",
    "https://git.example/team/repo",
    "https://git.example/team/repo/",
    "https://me@Git.Example:443/team/repo.git/",
    "ssh://git@git.example/team/repo.git",
    "ssh://git@git.example:22/team/repo",
    "git://git.example:9418/team/repo.git",
    "git@git.example:team/repo.git",
    "git.example:/team/repo",
  ];
  for (const spelling of spellings)
    test(`takes ${spelling} for the same`, () => expect(isSameRemote(spelling, spellings[0] ?? "")).toBe(true));

  const others: [string | null, string | null][] = [
    ["https://git.example/team/repo", "https://git.example/fork/repo"],
    ["https://git.example/team/repo", "https://other.example/team/repo"],
    ["https://git.example/team/repo", "https://git.example:8443/team/repo"],
    ["https://git.example/git.cgi?p=a", "https://git.example/git.cgi?p=b"],
    ["git@git.example:team/repo", "git@git.example:team/Repo"],
    ["/srv/repo", "/srv/repo.git"],
    ["/srv/team/repo", "https://srv/team/repo"],
    ["https://git.example/team/repo", null],
    [null, null],
  ];
  for (const [one, other] of others)
    test(`keeps ${one} and ${other} apart`, () => expect(isSameRemote(one, other)).toBe(false));

  test("takes a path and its file URL for the same", () => {
    expect(isSameRemote("/srv/repo", "file:///srv/repo")).toBe(true);
  });
});
