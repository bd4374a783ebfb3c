// Which repository a folder is: a second clone, a fork, a linked worktree, the same one in a new place. A wrong answer
// makes every row twice, or puts two projects' plans under one name.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import {
  type AddRequest,
  addRepo,
  addUnlessRemoved,
  listRepos,
  removeRepo,
} from "../../../lib/consistency/repo_registry.ts";
import type { OpsFailure } from "../../../lib/failure.ts";
import { shellQuoted } from "../../../lib/shell_quoted.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { makeRepo, openRepo, type TestRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, TEST_HOST, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

const add = (path: string, request: Partial<AddRequest> = {}) =>
  hub.database.transaction((tx) =>
    addRepo(tx, { path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null, ...request }),
  );

let scene = 0;
/** A folder of its own with one repository, whose history no other scene has. */
async function scenery(name: string): Promise<{ parent: string; repo: TestRepo }> {
  const parent = join(folder.path, String(++scene));
  return { parent, repo: await makeRepo(parent, name, { "scene.txt": `${scene}\n` }) };
}

const clone = async (repo: TestRepo, to: string, ...flags: string[]) => {
  await repo.git("clone", "--quiet", ...flags, repo.path, to);
  return openRepo(to);
};

const refusal = async (work: Promise<unknown>) =>
  (await work.then(
    () => null,
    (error: unknown) => error,
  )) as OpsFailure;

const repoOf = async (slug: string) => (await listRepos(hub.database.sql)).find((repo) => repo.slug === slug);

describe("addRepo()", () => {
  test("registers a repository under its folder's name, and changes nothing the second time", async () => {
    const { repo } = await scenery("My Repo!");
    expect(await add(repo.path)).toMatchObject({ slug: "my-repo", path: repo.path, outcome: "new" });
    expect(await add(join(repo.path, "."))).toMatchObject({ slug: "my-repo", outcome: "known" });
  });

  test("takes a clone for the same repository, whether its remote is a path that is registered or the same URL", async () => {
    const { parent, repo } = await scenery("cloned");
    const { id } = await add(repo.path);
    const second = await clone(repo, join(parent, "elsewhere"));
    expect(await add(second.path)).toMatchObject({ id, slug: "cloned", outcome: "checkout" });
    // A path on this machine is a way to the repository, not its address.
    expect((await repoOf("cloned"))?.remote_url).toBeNull();
    expect((await repoOf("cloned"))?.checkouts.map(({ path }) => path)).toEqual([repo.path, second.path]);

    const url = "https://git.example/team/shared.git";
    const other = await scenery("first");
    await other.repo.git("remote", "add", "origin", url);
    const registered = await add(other.repo.path);
    expect(registered).toMatchObject({ slug: "shared", outcome: "new" });
    const twin = await makeRepo(other.parent, "twin", { "a.txt": "another history\n" });
    await twin.git("remote", "add", "origin", url);
    expect(await add(twin.path)).toMatchObject({ id: registered.id, outcome: "checkout" });
  });

  test("takes the origin of a registered clone for the same repository, and keeps the remote that it knows", async () => {
    const { parent, repo } = await scenery("upstream");
    const copy = await clone(repo, join(parent, "copy"));
    const { id } = await add(copy.path);
    expect(await add(repo.path)).toMatchObject({ id, outcome: "checkout" });

    const hosted = await scenery("hosted");
    const url = "https://git.example/team/hosted.git";
    await hosted.repo.git("remote", "add", "origin", url);
    await add(hosted.repo.path);
    await add((await clone(hosted.repo, join(hosted.parent, "copy"))).path);
    expect((await repoOf("hosted"))?.remote_url).toBe(url);
  });

  test("takes a linked worktree for a checkout of its repository", async () => {
    const { parent, repo } = await scenery("with-worktree");
    const { id } = await add(repo.path);
    await repo.git("worktree", "add", "--quiet", "-b", "feature", join(parent, "linked"));
    expect(await add(join(parent, "linked"))).toMatchObject({ id, outcome: "checkout" });
  });

  test("finds a repository again that has moved, also without any remote", async () => {
    const { parent, repo } = await scenery("moves");
    const { id } = await add(repo.path);
    renameSync(repo.path, join(parent, "moved"));
    expect(await add(join(parent, "moved"))).toMatchObject({ id, slug: "moves", outcome: "checkout" });
  });

  test("takes the same history with another remote for a fork while the first checkout is there", async () => {
    const { parent, repo } = await scenery("forked");
    const { id } = await add(repo.path);
    const fork = await clone(repo, join(parent, "my-fork"));
    await fork.git("remote", "set-url", "origin", "https://git.example/me/my-fork.git");
    const added = await add(fork.path);
    expect(added).toMatchObject({ slug: "my-fork", outcome: "new" });
    expect(added.id).not.toBe(id);
  });

  test("keeps a shallow clone without a known remote apart: its history can't be compared", async () => {
    const { parent, repo } = await scenery("deep");
    await repo.commit({ "b.txt": "b\n" });
    await add(repo.path);
    await repo.git("clone", "--quiet", "--depth=1", `file://${repo.path}`, join(parent, "shallow"));
    const shallow = openRepo(join(parent, "shallow"));
    await shallow.git("remote", "remove", "origin");
    expect(await add(shallow.path)).toMatchObject({ slug: "shallow", outcome: "new" });
  });

  test("refuses a slug that another repository has, and names the command that works", async () => {
    const [one, two] = [await scenery("same-name"), await scenery("same-name")];
    await add(one.repo.path);
    const failure = await refusal(add(two.repo.path));
    expect(failure).toMatchObject({
      kind: "usage",
      observed: `the slug same-name belongs to another one, at ${one.repo.path}`,
      hint: `scripts/state_hub.ts repo add ${two.repo.path} --slug same-name-2`,
    });
    expect(await add(two.repo.path, { slug: "same-name-2" })).toMatchObject({ slug: "same-name-2", outcome: "new" });
    expect(await refusal(add(two.repo.path, { slug: "same-name" }))).toMatchObject({
      kind: "usage",
      observed: "it is registered as same-name-2",
    });
  });

  test("registers bare, SHA-256 and detached repositories", async () => {
    const { parent, repo } = await scenery("plain");
    const bare = await clone(repo, join(parent, "bare.git"), "--bare");
    await bare.git("remote", "remove", "origin");
    expect(await add(bare.path)).toMatchObject({ slug: "bare", path: bare.path, outcome: "new" });
    const wide = openRepo(join(parent, "wide"));
    await repo.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main", wide.path);
    await wide.commit({ "a.txt": "a\n" });
    expect(await add(wide.path)).toMatchObject({ slug: "wide", outcome: "new" });
    await repo.git("checkout", "--quiet", "--detach");
    expect(await add(repo.path)).toMatchObject({ slug: "plain", outcome: "new" });
  });

  test("takes a new default branch from a person who registers the repository again", async () => {
    const { repo } = await scenery("renames-branch");
    await add(repo.path);
    await repo.git("branch", "--move", "trunk");
    expect(await add(repo.path)).toMatchObject({ outcome: "changed" });
    expect((await repoOf("renames-branch"))?.default_branch).toBe("trunk");
  });

  test("brings a removed repository back with its rows", async () => {
    const { repo } = await scenery("returns");
    await repo.commit({ "workplans/RET-WP-0001.md": workplanText({ id: "RET-WP-0001" }) });
    await hub.check({ path: repo.path });
    await hub.database.transaction((tx) => removeRepo(tx, "returns"));
    expect(await repoOf("returns")).toBeUndefined();
    expect(await add(repo.path)).toMatchObject({ outcome: "back" });
    expect((await repoOf("returns"))?.workstreams).toBe(1);
  });

  test("tells what to type for a path that is none, no repository, or one without a commit", async () => {
    const { parent, repo } = await scenery("whole");
    expect(await refusal(add(join(parent, "nowhere")))).toMatchObject({ kind: "usage", observed: "no such folder" });
    expect(await refusal(add(parent))).toMatchObject({ kind: "usage", observed: "not inside a git repository" });
    await repo.git("init", "--quiet", "--initial-branch=main", join(parent, "empty"));
    expect(await refusal(add(join(parent, "empty")))).toMatchObject({
      kind: "usage",
      observed: "it has no commit on a default branch",
    });
    expect(existsSync(join(parent, "nowhere"))).toBe(false);
  });

  test("keeps the default branch when a worktree or clone on a feature branch is added", async () => {
    const { parent, repo } = await scenery("keeps-branch");
    await repo.git("branch", "--move", "trunk");
    const { id } = await add(repo.path);
    const branch = async () => (await repoOf("keeps-branch"))?.default_branch;
    const linked = join(parent, "linked");
    await repo.git("worktree", "add", "--quiet", "-b", "feature", linked);
    expect(await add(linked)).toMatchObject({ id, outcome: "checkout" });
    expect(await branch()).toBe("trunk");
    const second = await clone(repo, join(parent, "second"));
    await second.git("remote", "set-head", "origin", "--delete");
    await second.git("checkout", "--quiet", "-b", "other-feature");
    expect(await add(second.path)).toMatchObject({ id, outcome: "checkout" });
    expect(await branch()).toBe("trunk");
    // Not even by a person, while the branch is there.
    expect(await add(linked)).toMatchObject({ id, outcome: "known" });
    expect(await branch()).toBe("trunk");
  });

  test("adds a detached worktree of a repository whose default branch only the hub knows", async () => {
    const { parent, repo } = await scenery("detached-worktree");
    await repo.git("branch", "--move", "trunk");
    const { id } = await add(repo.path);
    const linked = join(parent, "linked");
    await repo.git("worktree", "add", "--quiet", "--detach", linked);
    expect(await add(linked)).toMatchObject({ id, outcome: "checkout" });
    expect((await repoOf("detached-worktree"))?.default_branch).toBe("trunk");
  });

  test("takes ssh and https URLs of one remote for the same repository, and keeps the one that it knows", async () => {
    const { parent, repo } = await scenery("by-ssh");
    await repo.git("remote", "add", "origin", "git@git.example:team/spelled.git");
    const { id } = await add(repo.path);
    const second = await clone(repo, join(parent, "by-https"));
    await second.git("remote", "set-url", "origin", "https://git.example/team/spelled");
    expect(await add(second.path)).toMatchObject({ id, slug: "spelled", outcome: "checkout" });
    expect((await repoOf("spelled"))?.remote_url).toBe("git@git.example:team/spelled.git");
  });

  test("takes the same history on another host for the same repository only where neither has a remote", async () => {
    const { parent, repo } = await scenery("renamed-host");
    const { id } = await add(repo.path, { host: "old-name" });
    expect(await add(repo.path)).toMatchObject({ id, outcome: "checkout" });
    // Once it has a checkout here, the same history beside it is another one.
    const beside = await clone(repo, join(parent, "beside"));
    await beside.git("remote", "remove", "origin");
    expect(await add(beside.path)).toMatchObject({ slug: "beside", outcome: "new" });

    const hosted = await scenery("hosted-there");
    await add(hosted.repo.path, { host: "old-name", remoteUrl: "https://git.example/team/hosted-there" });
    expect(await refusal(add(hosted.repo.path))).toMatchObject({ kind: "usage" });
  });

  test("registers a path once that two add at the same moment", async () => {
    const { repo } = await scenery("at-once");
    const firstAdded = Promise.withResolvers<void>();
    const secondWaits = Promise.withResolvers<void>();
    const first = hub.database.transaction(async (tx) => {
      const request = { path: repo.path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null };
      const added = await addRepo(tx, request);
      firstAdded.resolve();
      await secondWaits.promise;
      return added;
    });
    await firstAdded.promise;
    const second = add(repo.path);
    try {
      await waitUntil({ forWhat: "the second to wait for a lock", deadlineMs: 20_000 }, async () => {
        const rows = await hub.database.sql`
          select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return rows.length > 0 ? { found: true } : { seen: "nobody waits" };
      });
    } finally {
      secondWaits.resolve();
    }
    const { id } = await first;
    expect(await second).toMatchObject({ id, outcome: "known" });
  });

  test("never stores a remote's password, nor a token in the user's place", async () => {
    const { repo } = await scenery("with-password");
    await repo.git("remote", "add", "origin", "https://somebody:s3cret-word@git.example/team/with-password.git");
    await add(repo.path);
    expect((await repoOf("with-password"))?.remote_url).toBe("https://git.example/team/with-password.git");
    const token = await scenery("with-token");
    await add(token.repo.path, { remoteUrl: "https://ghp_s3cretT0ken@git.example/team/with-token.git" });
    expect((await repoOf("with-token"))?.remote_url).toBe("https://git.example/team/with-token.git");
  });
});

describe("addUnlessRemoved()", () => {
  const found = (path: string) => hub.database.transaction((tx) => addUnlessRemoved(tx, path, TEST_HOST));

  test("registers what is unknown", async () => {
    const { repo } = await scenery("found");
    expect(await found(repo.path)).toMatchObject({ slug: "found", outcome: "new" });
  });

  test("leaves out what a person removed, also when it is met in another checkout, and names the way back", async () => {
    const { parent, repo } = await scenery("stays out");
    await found(repo.path);
    const second = await clone(repo, join(parent, "second"));
    await hub.database.transaction((tx) => removeRepo(tx, "stays-out"));
    for (const path of [repo.path, second.path])
      expect(await refusal(found(path))).toMatchObject({
        kind: "usage",
        observed: "stays-out was removed from the hub",
        where: path,
        hint: `scripts/state_hub.ts repo add ${shellQuoted(path)}`,
      });
    expect(await repoOf("stays-out")).toBeUndefined();
  });
});
