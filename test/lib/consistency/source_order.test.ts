// Where a tip stands to the commit that was applied last, in real histories. Only what git proves counts as news.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ScopedRepo } from "../../../lib/consistency/scope.ts";
import { orderOf, type SourceOrder } from "../../../lib/consistency/source_order.ts";
import { checkoutAt } from "../../../lib/git/checkout.ts";
import { remoteOf } from "../../../lib/git/remote/remote.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

function scopedOf(repo: TestRepo, twins: readonly TestRepo[]): ScopedRepo {
  return {
    id: "id",
    slug: "slug",
    default_branch: "main",
    last_source_commit: null,
    remote_url: null,
    last_remote_commit: null,
    change_counter: 0,
    missing: false,
    pending: false,
    checkouts: [repo.path],
    twins: twins.map(({ path }) => path),
    passes: [],
  };
}

/** The order of the tip of `repo` when `last` was applied before; `twins` are further checkouts on this host. */
async function order(repo: TestRepo, last: string | null, ...twins: TestRepo[]): Promise<SourceOrder> {
  const checkout = checkoutAt(repo.path);
  if (!checkout) throw new Error(`${repo.path} is no checkout`);
  const commit = (await repo.git("rev-parse", "HEAD")).trim();
  const scoped: ScopedRepo = { ...scopedOf(repo, [repo, ...twins]), last_source_commit: last };
  const tip = { branch: "main", commit, checkedOut: true };
  return orderOf(scoped, { checkout, tip, source: "checkout", workTree: "none", racy: false, remote: null });
}

let made = 0;
async function history() {
  const parent = join(folder.path, String(++made));
  const repo = await makeRepo(parent, "repo", { "a.txt": "1" });
  const base = (await repo.git("rev-parse", "HEAD")).trim();
  const clone = async (name: string) => {
    await repo.git("clone", "--quiet", `file://${repo.path}`, join(parent, name));
    return openRepo(join(parent, name));
  };
  return { repo, base, clone };
}

describe("orderOf()", () => {
  const table: [string, SourceOrder, () => Promise<SourceOrder>][] = [
    ["a first commit", "forward", async () => order((await history()).repo, null)],
    [
      "the same commit",
      "forward",
      async () => {
        const { repo, base } = await history();
        return order(repo, base);
      },
    ],
    [
      "a later commit",
      "forward",
      async () => {
        const { repo, base } = await history();
        await repo.commit({ "a.txt": "2" });
        return order(repo, base);
      },
    ],
    [
      "an earlier commit",
      "older",
      async () => {
        const { repo } = await history();
        const last = await repo.commit({ "a.txt": "2" });
        await repo.git("reset", "--quiet", "--hard", "HEAD~1");
        return order(repo, last);
      },
    ],
    [
      "a commit made in place of the applied one",
      "rewritten",
      async () => {
        const { repo } = await history();
        const last = await repo.commit({ "a.txt": "2" });
        await repo.git("commit", "--quiet", "--amend", "--message", "Another one");
        return order(repo, last);
      },
    ],
    [
      "a commit beside the applied one, which is the tip of another checkout",
      "diverged",
      async () => {
        const { repo, clone } = await history();
        const twin = await clone("twin");
        const last = await twin.commit({ "a.txt": "2" });
        await repo.commit({ "a.txt": "3" });
        await repo.git("fetch", "--quiet", twin.path);
        return order(repo, last, twin);
      },
    ],
    [
      "a commit beside the applied one, which another checkout has left as well",
      "rewritten",
      async () => {
        const { repo, clone } = await history();
        const twin = await clone("twin");
        const last = await twin.commit({ "a.txt": "2" });
        await repo.commit({ "a.txt": "3" });
        await repo.git("fetch", "--quiet", twin.path);
        await twin.git("reset", "--quiet", "--hard", "HEAD~1");
        return order(repo, last, twin);
      },
    ],
    [
      "a commit beside the applied one, which the remote's branch has",
      "diverged",
      async () => {
        const { repo, clone } = await history();
        const copy = await clone("copy");
        const last = await repo.commit({ "a.txt": "2" });
        await copy.commit({ "a.txt": "3" });
        await copy.git("fetch", "--quiet", "origin");
        return order(copy, last);
      },
    ],
    [
      "a commit of a checkout that does not have the applied one",
      "unknown",
      async () => {
        const { repo, clone } = await history();
        const copy = await clone("copy");
        return order(copy, await repo.commit({ "a.txt": "2" }), repo);
      },
    ],
  ];
  for (const [what, wanted, look] of table) {
    test(`calls ${what} ${wanted}`, async () => expect(await look()).toBe(wanted));
  }

  test.each([
    ["that the remote had and took away", "rewritten", true],
    ["that never reached the remote", "diverged", false],
  ] as const)(
    "calls a remote's tip beside an applied commit %s %s, whoever still stands at that commit",
    async (_, wanted, published) => {
      const { repo, base, clone } = await history();
      const [twin, mirror] = [await clone("twin"), await clone("mirror")];
      const last = await twin.commit({ "a.txt": "2" });
      const commit = await repo.commit({ "a.txt": "3" });
      await mirror.git("fetch", "--quiet", twin.path, "main:refs/heads/applied");
      await mirror.git("pull", "--quiet", "--ff-only");
      const checkout = checkoutAt(mirror.path);
      if (!checkout) throw new Error(`${mirror.path} is no checkout`);
      // The mirror of a sweep follows no remote-tracking branch.
      await mirror.git("update-ref", "-d", "refs/remotes/origin/main");
      const seen = { last_source_commit: last, last_remote_commit: published ? last : base };
      const scoped: ScopedRepo = { ...scopedOf(repo, [twin]), ...seen };
      const tip = { branch: "main", commit, checkedOut: false };
      const remote = { remote: remoteOf(repo.path), own: null };
      expect(await orderOf(scoped, { checkout, tip, source: "remote", workTree: "none", racy: false, remote })).toBe(
        wanted,
      );
    },
  );
});
