// Checkouts in which people are at work while sweeps go on: what a sweep writes back reaches the remote all the same, the
// checkout is not touched, C-16 says why, and what the person does next neither loses his work nor undoes ours.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, cpSync, lchownSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { digestOf, headOf, must, stopped } from "../lib/git/advance/checkout_scene.ts";
import { type Files, makeRepo, openRepo, type TestRepo, workplanText } from "../support/git_repo.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;

interface State {
  readonly slug: string;
  /** What a person left there, for the name of a test. */
  readonly what: string;
  /** What C-16 observes. */
  readonly says: RegExp;
  readonly leave: (repo: SweptRepo) => unknown;
  /** The person puts it in order, and begins nothing new. */
  readonly tidy: (checkout: TestRepo) => unknown;
  /** A commit of his is on the branch, so that only he can bring both together. */
  readonly hasCommit?: true;
}

const NOTES = "notes.txt";
const newPlan = (slug: string) => `workplans/new-${slug}.md`;
const dotGit = ({ path }: TestRepo, name: string) => join(path, ".git", name);
const conflict = async (checkout: TestRepo) => {
  await checkout.git("switch", "--quiet", "--create", "side");
  await checkout.commit({ [NOTES]: "on the side\n" });
  await checkout.git("switch", "--quiet", "main");
  await checkout.commit({ [NOTES]: "on main\n" });
};
/** Somebody else has pushed a workplan at a path at which the person has a file of his own. */
const plannedPathIsTaken = async ({ slug, push, checkout }: SweptRepo) => {
  await push({ [newPlan(slug)]: workplanText({ id: `${slug.toUpperCase()}-WP-0002` }) });
  checkout.edit({ [newPlan(slug)]: "mine\n" });
};
const putAside = (checkout: TestRepo) => {
  for (const name of readdirSync(join(checkout.path, "workplans")).filter((each) => each.startsWith("new-")))
    renameSync(join(checkout.path, "workplans", name), `${checkout.path}.${name}`);
};

const STATES: readonly State[] = [
  {
    slug: "dirty",
    what: "an edit that is not committed",
    says: /not as in HEAD: .*notes\.txt/,
    leave: ({ checkout }) => checkout.edit({ [NOTES]: "an edit\n" }),
    tidy: (checkout) => checkout.git("restore", NOTES),
  },
  {
    slug: "edited",
    what: "an edit of the very workplan",
    says: /not as in HEAD: .*EDITED-WP-0001\.md/,
    leave: ({ checkout }) => checkout.edit({ [planPath("edited")]: `${planOf("edited")}\nA thought.\n` }),
    tidy: (checkout) => checkout.git("restore", planPath("edited")),
  },
  {
    slug: "staged",
    what: "a staged change",
    says: /not as in HEAD: .*notes\.txt/,
    leave: async ({ checkout }) => {
      checkout.edit({ [NOTES]: "staged\n" });
      await checkout.git("add", "--all");
    },
    tidy: (checkout) => checkout.git("reset", "--quiet", "--hard"),
  },
  {
    slug: "ahead",
    what: "a commit that was not pushed",
    says: /main is at [0-9a-f]{12}, which does not come before/,
    leave: ({ checkout }) => checkout.commit({ [NOTES]: "not pushed\n" }),
    tidy: () => {},
    hasCommit: true,
  },
  {
    slug: "diverged",
    what: "a commit beside one that somebody else has pushed",
    says: /main is at [0-9a-f]{12}, which does not come before/,
    leave: async ({ checkout, push }) => {
      await push({ "other.txt": "somebody else's\n" });
      await checkout.commit({ [NOTES]: "not pushed\n" });
    },
    tidy: () => {},
    hasCommit: true,
  },
  {
    slug: "detached",
    what: "a detached HEAD",
    says: /HEAD is at [0-9a-f]{12}, on no branch/,
    leave: ({ checkout }) => checkout.git("checkout", "--quiet", "--detach"),
    tidy: (checkout) => checkout.git("switch", "--quiet", "main"),
  },
  {
    slug: "branch",
    what: "another branch",
    says: /HEAD is on feature\/x, not on main/,
    leave: async ({ checkout }) => {
      await checkout.git("switch", "--quiet", "--create", "feature/x");
      await checkout.commit({ [NOTES]: "a feature\n" });
    },
    tidy: (checkout) => checkout.git("switch", "--quiet", "main"),
  },
  {
    slug: "rebase",
    what: "a rebase that stopped",
    says: /a rebase or a git am is under way/,
    leave: async ({ checkout }) => {
      await conflict(checkout);
      await stopped(checkout, "rebase", "side");
    },
    tidy: (checkout) => checkout.git("rebase", "--abort"),
    hasCommit: true,
  },
  {
    slug: "merge",
    what: "a merge that stopped",
    says: /a merge is under way/,
    leave: async ({ checkout }) => {
      await conflict(checkout);
      await stopped(checkout, "merge", "side");
    },
    tidy: (checkout) => checkout.git("merge", "--abort"),
    hasCommit: true,
  },
  {
    slug: "locked",
    what: "an index.lock",
    says: /index\.lock is there/,
    leave: ({ checkout }) => writeFileSync(dotGit(checkout, "index.lock"), ""),
    tidy: (checkout) => rmSync(dotGit(checkout, "index.lock")),
  },
  {
    slug: "mounted",
    what: "a read-only mount",
    says: /cannot be written to/,
    leave: async ({ checkout: { path } }) => {
      await must("mount", "--bind", path, path);
      await must("mount", "-o", "remount,ro,bind", path);
    },
    // A copy of it is no mount.
    tidy: (checkout) => (checkout.path.endsWith("-copy") ? null : must("umount", checkout.path)),
  },
  {
    slug: "foreign",
    what: "another owner",
    says: /belongs to user 12345, and this runs as user/,
    leave: ({ checkout }) => chownAll(checkout.path, 12_345),
    tidy: (checkout) => chownAll(checkout.path, process.getuid?.() ?? 0),
  },
  {
    slug: "untracked",
    what: "an untracked file where one is to be written",
    says: /workplans\/new-untracked\.md would be written/,
    leave: plannedPathIsTaken,
    tidy: putAside,
  },
  {
    slug: "ignored",
    what: "an ignored file where one is to be written",
    says: /workplans\/new-ignored\.md would be written/,
    leave: async (repo) => {
      await plannedPathIsTaken(repo);
      writeFileSync(dotGit(repo.checkout, "info/exclude"), "workplans/new-*\n");
    },
    tidy: putAside,
  },
];

function chownAll(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const each of readdirSync(path, { recursive: true, encoding: "utf8" })) lchownSync(join(path, each), uid, uid);
}

const filesOf = (slug: string): Files => ({ [planPath(slug)]: planOf(slug), [NOTES]: "as it was\n" });
const copyOf = ({ checkout }: SweptRepo) => `${checkout.path}-copy`;
const linesOf = (slug: string) => `What ${slug}'s person wrote next.`;
const remoteText = ({ bare, slug }: SweptRepo) => bare.git("show", `main:${planPath(slug)}`);
const authors = ({ bare }: SweptRepo) => bare.git("log", "--all", "--format=%an: %s", "main");
const c16 = ({ report }: FleetResult, slug: string) =>
  report.assessment_failures.filter((each) => each.check === "C-16" && each.repo === slug);

let fleet: SweptFleet;
const repos = new Map<string, SweptRepo>();
const repo = (slug: string) => {
  const found = repos.get(slug);
  if (found === undefined) throw new Error(`there is no ${slug}`);
  return found;
};
/** Digests of the checkouts around the first sweep, and what the remotes had after it. */
const before = new Map<string, unknown>();
const after = new Map<string, unknown>();
const published = new Map<string, string>();
let results: Record<"first" | "second" | "third", FleetResult>;
/** By slug, as the hub has them. */
let ids: Map<string, { plan: string; task: string }>;

beforeAll(async () => {
  fleet = await sweptFleet();
  await forEachAtMost(["clean", "current", ...STATES.map(({ slug }) => slug)], 4, async (slug) => {
    repos.set(slug, await fleet.add(slug, { files: filesOf(slug) }));
  });
  await forEachAtMost(STATES, 4, async ({ slug, leave }) => {
    await leave(repo(slug));
    before.set(slug, digestOf(repo(slug).checkout.path));
  });
  const first = await fleet.sweep();
  for (const { slug } of STATES) {
    after.set(slug, digestOf(repo(slug).checkout.path));
    published.set(slug, await authors(repo(slug)));
  }
  ids = await idsOf(fleet);
  await forEachAtMost(STATES, 4, async ({ slug, tidy }) => {
    await workOn(repo(slug), tidy);
    await tidy(repo(slug).checkout);
  });
  const second = await fleet.sweep();
  for (const { slug, hasCommit } of STATES) if (hasCommit) await repo(slug).checkout.git("pull", "--quiet", "--rebase");
  results = { first, second, third: await fleet.sweep() };
}, WATCHDOG);
afterAll(async () => {
  // Should a test have failed before it was taken away.
  const mounted = repos.get("mounted")?.checkout.path;
  if (mounted !== undefined) Bun.spawnSync(["umount", "--quiet", mounted], { stderr: "ignore" });
  await fleet.close();
});

/** The person goes on in the state in which he was, brings it to an end, commits, pulls with a rebase and pushes. */
async function workOn(worked: SweptRepo, tidy: State["tidy"]): Promise<void> {
  const path = copyOf(worked);
  cpSync(worked.checkout.path, path, { recursive: true, verbatimSymlinks: true });
  const copy = openRepo(path);
  await tidy(copy);
  const text = readFileSync(join(path, planPath(worked.slug)), "utf8");
  await copy.commit({ [planPath(worked.slug)]: `${text}\n${linesOf(worked.slug)}\n` });
  await copy.git("pull", "--quiet", "--rebase", "origin", "main");
  await copy.git("push", "--quiet", "origin", "HEAD:main");
}

async function idsOf({ hub }: SweptFleet) {
  const rows = await hub.database.sql<{ slug: string; plan: string; task: string }[]>`
    select r.slug, w.id as plan, t.id as task from repos r
    join workstreams w on w.repo_id = r.id join tasks t on t.workstream_id = w.id`;
  return new Map(rows.map(({ slug, plan, task }) => [slug, { plan, task }]));
}

function expectIds(text: string, slug: string): void {
  const { plan, task } = ids.get(slug) ?? {};
  expect(text).toContain(`state_hub_workstream_id: "${plan}"`);
  expect(text).toContain(`state_hub_task_id: "${task}"`);
}

describe("a sweep with write-back", () => {
  test("does its job beside all of them", () => {
    for (const { report } of Object.values(results))
      expect(report).toMatchObject({ exit_code: 0, automation_error: null, skipped_missing: [], skipped_budget: [] });
  });

  test("fast-forwards the checkout that is clean and behind, and says nothing of it", async () => {
    const { checkout, bare } = repo("clean");
    expect(c16(results.first, "clean")).toEqual([]);
    expect(await headOf(checkout)).toBe(await headOf(bare, "main"));
    expectIds(readFileSync(join(checkout.path, planPath("clean")), "utf8"), "clean");
    expect(await checkout.git("status", "--porcelain=v2", "--branch")).toContain("# branch.ab +0 -0");
  });

  test("says nothing of a checkout that is ahead of a remote that needs nothing, and publishes nothing of it", async () => {
    const { checkout, bare, slug } = repo("current");
    const tip = await headOf(bare, "main");
    const mine = await checkout.commit({ [NOTES]: "not pushed\n" });
    const unchanged = digestOf(checkout.path);
    const result = await fleet.sweep();
    expect(c16(result, slug)).toEqual([]);
    expect(digestOf(checkout.path)).toEqual(unchanged);
    expect(await headOf(bare, "main")).toBe(tip);
    expect(await bare.git("cat-file", "-e", mine).catch(() => "not there")).toBe("not there");
  });
});

describe.each(STATES.map((state) => [state.what, state] as const))("a checkout with %s", (_, state) => {
  const { slug, says, hasCommit = false } = state;

  test("is left byte for byte, git's own files included", () => {
    expect(after.get(slug)).toEqual(before.get(slug));
    expect(Object.keys(before.get(slug) as object).length).toBeGreaterThan(20);
  });

  test("is told by C-16 with the reason and a command, while the correction reached the remote", () => {
    const { path } = repo(slug).checkout;
    expect(c16(results.first, slug)).toEqual([
      expect.objectContaining({
        severity: "warning",
        subject: `${hostname()}:${path}`,
        observed: expect.stringMatching(says) as string,
        hint: expect.stringContaining(path.slice(path.lastIndexOf("/"))) as string,
      }),
    ]);
    expect(published.get(slug)).toContain("State Hub sync: Sync ");
  });

  test("has nothing unpushed of its person's published", () => {
    const others = slug === "diverged" || slug === "untracked" || slug === "ignored" ? 1 : 0;
    const people = published.get(slug)?.match(/^Test: /gm) ?? [];
    expect(people).toHaveLength(1 + others);
  });

  test("whose person goes on, rebases and pushes, keeps his lines and undoes nothing of ours", async () => {
    const text = await remoteText(repo(slug));
    expect(text).toContain(linesOf(slug));
    expectIds(text, slug);
    expect((await authors(repo(slug))).match(/^State Hub sync: /gm)).toHaveLength(1);
  });

  test(
    hasCommit ? "is followed by its person alone, and C-16 closes then" : "in order again is followed, and C-16 closes",
    async () => {
      expect(c16(results.second, slug)).toHaveLength(hasCommit ? 1 : 0);
      expect(c16(results.third, slug)).toEqual([]);
      const { checkout, bare } = repo(slug);
      expect(await headOf(checkout, "main")).toBe(await headOf(bare, "main"));
      expectIds(readFileSync(join(checkout.path, planPath(slug)), "utf8"), slug);
    },
  );
});

describe("a repository that is its own remote", () => {
  const own = new Map<string, TestRepo>();
  let first: FleetResult;
  const result = new Map<string, unknown>();
  const at = (slug: string) => own.get(slug) as TestRepo;
  const waits = (slug: string) => first.remarks.filter((remark) => remark.startsWith(`${slug}: corrections wait`));

  beforeAll(async () => {
    const make = async (slug: string) => {
      const made = await makeRepo(join(fleet.folder, "own"), slug, filesOf(slug));
      own.set(slug, made);
      return made;
    };
    await make("own-clean");
    (await make("own-dirty")).edit({ [NOTES]: "an edit\n" });
    await (await make("own-branch")).git("switch", "--quiet", "--create", "feature");
    const source = await make("own-source");
    await source.git("clone", "--quiet", "--bare", ".", join(fleet.folder, "own/own-bare"));
    await source.git("clone", "--quiet", "--bare", ".", join(fleet.folder, "own/own-linked"));
    own.delete("own-source");
    for (const slug of ["own-bare", "own-linked"]) {
      own.set(slug, openRepo(join(fleet.folder, "own", slug)));
      await at(slug).git("remote", "remove", "origin");
      const text = planOf(slug);
      const worktree = join(fleet.folder, "own", `${slug}-tree`);
      await at(slug).git("worktree", "add", "--quiet", worktree, "main");
      await openRepo(worktree).commit({ [planPath("own-source")]: null, [planPath(slug)]: text });
      if (slug === "own-bare") await at(slug).git("worktree", "remove", "--force", worktree);
      else openRepo(worktree).edit({ [NOTES]: "an edit in the worktree\n" });
    }
    for (const [slug, { path }] of own) {
      const request = { path, host: hostname(), slug, domain: null, remoteUrl: null };
      await fleet.hub.database.transaction((tx) => addRepo(tx, request));
    }
    for (const slug of ["own-dirty", "own-linked"]) result.set(slug, digestOf(at(slug).path));
    first = await fleet.sweep();
    ids = await idsOf(fleet);
  }, WATCHDOG);

  test("and clean gets the correction as a commit, and its files with it", async () => {
    const { git, path } = at("own-clean");
    expect(waits("own-clean")).toEqual([]);
    expectIds(readFileSync(join(path, planPath("own-clean")), "utf8"), "own-clean");
    expect(await git("log", "-1", "--format=%an")).toBe("State Hub sync\n");
    expect(await git("status", "--porcelain")).toBe("");
  });

  test("and dirty is left byte for byte; the correction waits, with its reason, until it is in order", async () => {
    const { git, path } = at("own-dirty");
    expect(digestOf(path)).toEqual(result.get("own-dirty") as Record<string, string>);
    expect(waits("own-dirty")).toEqual([expect.stringContaining("not as in HEAD: the file notes.txt")]);
    await git("restore", NOTES);
    expect((await fleet.sweep({ source: "manual" })).report.automation_error).toBeNull();
    expectIds(readFileSync(join(path, planPath("own-dirty")), "utf8"), "own-dirty");
  });

  test("and on another branch has its default branch moved, and no file touched", async () => {
    const { git, path } = at("own-branch");
    expectIds(await git("show", `main:${planPath("own-branch")}`), "own-branch");
    expect(readFileSync(join(path, planPath("own-branch")), "utf8")).toBe(planOf("own-branch"));
    expect(await git("status", "--porcelain")).toBe("");
  });

  test("and bare gets the correction on its branch", async () => {
    expectIds(await at("own-bare").git("show", `main:${planPath("own-bare")}`), "own-bare");
  });

  test("and bare, with the branch checked out in a worktree, is left byte for byte", () => {
    expect(digestOf(at("own-linked").path)).toEqual(result.get("own-linked") as Record<string, string>);
    expect(waits("own-linked")).toEqual([expect.stringContaining("main is checked out in")]);
  });
});

describe("two checkouts of one repository", () => {
  test("are judged each for itself: the clean one follows, the other is told, until it is in order", async () => {
    const two = await fleet.add("two", { files: filesOf("two") });
    const path = join(fleet.folder, "two/second");
    await two.bare.git("clone", "--quiet", two.path, path);
    const linked = join(fleet.folder, "two/linked");
    await two.checkout.git("worktree", "add", "--quiet", "-b", "feature", linked);
    for (const each of [path, linked]) {
      const request = { path: each, host: hostname(), slug: null, domain: null, remoteUrl: null };
      expect((await fleet.hub.database.transaction((tx) => addRepo(tx, request))).slug).toBe("two");
    }
    const second = openRepo(path);
    second.edit({ [NOTES]: "an edit\n" });
    const [inSecond, inLinked] = [digestOf(path), digestOf(linked)];
    const first = await fleet.sweep();
    const tip = await headOf(two.bare, "main");
    expect(await headOf(two.checkout)).toBe(tip);
    expect({ second: digestOf(path), linked: digestOf(linked) }).toEqual({ second: inSecond, linked: inLinked });
    expect(c16(first, "two").map(({ subject }) => subject)).toEqual([`${hostname()}:${path}`]);
    await second.git("restore", NOTES);
    expect(c16(await fleet.sweep(), "two")).toEqual([]);
    expect(await headOf(second)).toBe(tip);
  });
});
