// Bare repositories on this machine as remotes, each with a clone in which somebody works and pushes.
import { join } from "node:path";
import type { Checkout, Tip } from "../../lib/git/checkout.ts";
import { type FetchLimits, fetchTip, openMirror } from "../../lib/git/mirror/mirror.ts";
import { type Remote, remoteOf } from "../../lib/git/remote/remote.ts";
import { type RemoteAccess, remoteAccess } from "../../lib/git/remote/remote_access.ts";
import { type Files, makeRepo, openRepo, type TestRepo } from "./git_repo.ts";

export interface TestRemote {
  /** Of the bare repository. */
  readonly path: string;
  readonly remote: Remote;
  /** The bare repository itself: its git() only. */
  readonly bare: TestRepo;
  /** A clone on branch main, with the remote as origin. */
  readonly clone: TestRepo;
  /** Commits in the clone and pushes its branch; gives the commit. */
  push(files: Files, ...flags: string[]): Promise<string>;
}

/** A remote at `parent/origin.git` with one commit of these files on main. */
export async function makeRemote(parent: string, files: Files = {}, ...initFlags: string[]): Promise<TestRemote> {
  const clone =
    initFlags.length === 0 ? await makeRepo(parent, "clone", files) : await madeWith(parent, files, initFlags);
  const path = join(parent, "origin.git");
  await clone.git("clone", "--quiet", "--bare", ".", path);
  await clone.git("remote", "add", "origin", path);
  const push = async (changed: Files, ...flags: string[]) => {
    const commit = await clone.commit(changed);
    await clone.git("push", "--quiet", ...flags, "origin", "HEAD");
    return commit;
  };
  return { path, remote: remoteOf(path), bare: openRepo(path), clone, push };
}

/** Access as a run has it, with nothing of whoever runs the tests. */
export function plainAccess(home: string, safePaths: readonly string[] = []): RemoteAccess {
  const environment = { PATH: process.env.PATH ?? "", HOME: join(home, "user"), GIT_CONFIG_NOSYSTEM: "1" };
  return remoteAccess({ home, safePaths, environment });
}

export interface MirroredRemote {
  readonly home: string;
  readonly origin: TestRemote;
  readonly access: RemoteAccess;
  readonly mirror: Checkout;
  /** The commit that both have. */
  readonly first: string;
  fetch(commit: string, branch?: string, limits?: FetchLimits): Promise<Tip>;
}

/** A remote with one commit, and a mirror named `a` below `home` that has it. */
export async function makeMirrored(home: string): Promise<MirroredRemote> {
  const origin = await makeRemote(home, { "workplans/a.md": "1\n" });
  const access = plainAccess(home);
  const first = (await origin.clone.git("rev-parse", "HEAD")).trim();
  const mirror = await openMirror(home, "a", first);
  const fetch = (commit: string, branch = "main", limits: FetchLimits = { deadlineMs: 20_000 }) =>
    fetchTip(mirror, origin.remote, access, { branch, commit }, limits);
  await fetch(first);
  return { home, origin, access, mirror, first, fetch };
}

async function madeWith(parent: string, files: Files, flags: readonly string[]): Promise<TestRepo> {
  const at = await makeRepo(parent, "start");
  const path = join(parent, "clone");
  await at.git("init", "--quiet", "--initial-branch=main", ...flags, path);
  const clone = openRepo(path);
  await clone.commit(files);
  return clone;
}
