// Every way in which a remote can be of no use to a sweep without hanging, one repository each: how it is broken, what is
// then said of it, how it is mended.
import { closeSync, cpSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { openRepo } from "./git_repo.ts";
import type { ServerName } from "./remote_servers.ts";
import type { TestRemote } from "./remotes.ts";
import { ELSEWHERE, type SweptFleet, type SweptRepo } from "./swept_fleet.ts";

export interface Fault {
  readonly slug: string;
  /** What is the matter, for the name of a test. */
  readonly what: string;
  /** What C-06 observes. */
  readonly says: RegExp;
  /** It tells its tip all the same, so that it is asked for that in every sweep. */
  readonly tellsTip?: true;
  /** Turned away there instead of being broken itself. */
  readonly server?: ServerName;
  readonly breaks?: (repo: SweptRepo) => unknown;
  readonly mends?: (repo: SweptRepo, fleet: SweptFleet) => unknown;
}

const aside = ({ path }: TestRemote) => `${path}.aside`;
const putAside = (repo: SweptRepo) => renameSync(repo.path, aside(repo));
const putBack = (repo: SweptRepo) => {
  rmSync(repo.path, { recursive: true, force: true });
  renameSync(aside(repo), repo.path);
};

/** Remotes of which nothing can be read. */
export const UNREADABLE: readonly Fault[] = [
  {
    slug: "missing",
    what: "is missing",
    says: /does not appear to be a git repository/,
    breaks: putAside,
    mends: putBack,
  },
  {
    slug: "moved",
    what: "was moved",
    says: /does not appear to be a git repository/,
    breaks: putAside,
    // As `state_hub.ts repo add PATH --remote-url URL` does it.
    mends: (repo, { hub }) =>
      hub.database.transaction((tx) =>
        addRepo(tx, {
          path: repo.checkout.path,
          host: ELSEWHERE,
          slug: null,
          domain: null,
          remoteUrl: aside(repo),
        }),
      ),
  },
  {
    slug: "empty",
    what: "is empty",
    says: /the remote is empty/,
    breaks: async (repo) => {
      putAside(repo);
      await repo.clone.git("init", "--quiet", "--bare", repo.path);
    },
    mends: putBack,
  },
  {
    slug: "damaged",
    what: "lacks objects that it names",
    says: /Could not fetch the branch: main: /,
    tellsTip: true,
    breaks: async (repo) => {
      await repo.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
      await repo.push({ "later.txt": "later\n" });
      putAside(repo);
      await repo.clone.git("clone", "--quiet", "--bare", "--no-hardlinks", aside(repo), repo.path);
      const blob = (await repo.bare.git("rev-parse", "main:later.txt")).trim();
      await unpack(repo);
      rmSync(join(repo.path, "objects", blob.slice(0, 2), blob.slice(2)));
    },
    mends: putBack,
  },
  {
    slug: "branchless",
    what: "has lost its branch",
    says: /its HEAD names no branch that exists, and main is gone/,
    breaks: async ({ bare }) => {
      await bare.git("branch", "kept", "main");
      await bare.git("update-ref", "-d", "refs/heads/main");
    },
    mends: ({ bare }) => bare.git("branch", "main", "kept"),
  },
  { slug: "wrong-key", what: "shows a wrong host key", says: /host's key is not the one/, server: "wrong_key" },
  { slug: "unknown-key", what: "shows an unknown host key", says: /Host key verif/, server: "unknown_key" },
  { slug: "refused-key", what: "takes none of our ssh keys", says: /Permission denied/, server: "refused_key" },
  { slug: "password", what: "asks for a password over https", says: /terminal prompts disabled/, server: "password" },
  { slug: "error", what: "answers 500", says: /returned error: 500/, server: "error" },
  { slug: "redirects", what: "redirects without end", says: /redirects followed/, server: "redirects" },
  { slug: "untrusted", what: "shows a certificate that nobody vouches for", says: /certificate/, server: "untrusted" },
];

/** Remotes that can be read and refuse what is pushed; each has a workplan that lacks its ids then. */
export const REFUSING: readonly Fault[] = [
  {
    slug: "protected",
    what: "protects its branch",
    says: /pre-receive hook declined: main is protected/,
    breaks: (repo) =>
      hook(
        repo,
        "pre-receive",
        "while read -r _ _ ref; do test $ref != refs/heads/main || { echo main is protected >&2; exit 1; }; done",
      ),
    mends: (repo) => hook(repo, "pre-receive", "exit 0"),
  },
  {
    slug: "unwilling",
    what: "has a hook that refuses",
    says: /pre-receive hook declined: nothing of State Hub sync/,
    breaks: (repo) =>
      hook(
        repo,
        "pre-receive",
        'read -r _ new _; by=$(git log -1 --format=%an $new); test "$by" = Test || { echo nothing of $by >&2; exit 1; }',
      ),
    mends: (repo) => hook(repo, "pre-receive", "exit 0"),
  },
];

/** Needs root; its disk must be taken away by freeDisk(). */
export const FULL: Fault = {
  slug: "full",
  what: "has a full disk",
  says: /No space left on device/,
  breaks: async (repo) => {
    putAside(repo);
    onSmallDisk(repo.path, "2m");
    cpSync(aside(repo), repo.path, { recursive: true });
    fill(join(repo.path, "filler"));
  },
  mends: ({ path }) => rmSync(join(path, "filler")),
};

export const canMount = process.getuid?.() === 0 && process.platform === "linux";

/** A new folder on a disk of its own, that freeDisk() must take away. @param size as mount(8) takes it for a tmpfs */
export function onSmallDisk(path: string, size: string): void {
  mkdirSync(path, { recursive: true });
  const argv = ["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path];
  const { exitCode, stderr } = Bun.spawnSync(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  whenTestsEnd(
    () => freeDisk(path),
    () => freeDisk(path),
  );
}

/** Does nothing where there is none. */
export function freeDisk(path: string): void {
  Bun.spawnSync(["umount", "--lazy", path], { stderr: "ignore" });
}

/** Writes until the disk takes no more. */
export function fill(path: string): void {
  const block = Buffer.alloc(4096);
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
}

/** A hook that notes each call in `calls`, then does this. */
export function hook({ path }: TestRemote, name: string, text: string): void {
  mkdirSync(join(path, "hooks"), { recursive: true });
  writeFileSync(join(path, "hooks", name), `#!/bin/sh\necho ${name} >> '${path}/calls'\n${text}\n`, { mode: 0o755 });
}

/** Objects one by one, so that one can be taken away. */
async function unpack({ path }: SweptRepo): Promise<void> {
  const packs = [...new Bun.Glob("*.pack").scanSync(join(path, "objects/pack"))];
  for (const pack of packs) {
    const away = join(path, pack);
    renameSync(join(path, "objects/pack", pack), away);
    rmSync(join(path, "objects/pack", pack.replace(/pack$/, "idx")));
    const done = Bun.spawnSync(["git", "-C", path, "unpack-objects", "-q"], { stdin: Bun.file(away) });
    if (done.exitCode !== 0) throw new Error(`unpack-objects: ${done.stderr}`);
    rmSync(away);
  }
}

/** All that a remote holds: its refs, and every object by id. */
export async function contentOf({ path }: TestRemote): Promise<string> {
  const bare = openRepo(path);
  const refs = await bare.git("for-each-ref", "--format=%(refname) %(objectname)");
  const objects = await bare.git("cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects");
  return `${refs}\n${objects}`;
}

/** What a push that broke off leaves beside that: nobody reads it. */
export function leftoversIn({ path }: TestRemote): string[] {
  return [...new Bun.Glob("objects/**/{tmp_*,incoming-*,*.lock}").scanSync({ cwd: path, onlyFiles: false })];
}
