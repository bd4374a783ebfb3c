// Repositories that want to run something on the host that sweeps them: by the configuration and the hooks of a checkout,
// by what they call their remote, by the names of branches and folders, by what stands in their tree. One sweep meets all
// of them beside sound ones; nothing of theirs runs, and each is told.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import type { Report } from "../../lib/consistency/report.ts";
import { digestOf } from "../lib/git/advance/checkout_scene.ts";
import { makeRepo, openRepo, type TestRepo } from "../support/git_repo.ts";
import { addKey, type Canary, canaryIn, everyKey, programKeys, refusedKeys } from "../support/hostile_config.ts";
import { commitEntries } from "../support/hostile_repo.ts";
import { type RemoteServers, startRemoteServers } from "../support/remote_servers.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
type Swept = Report & { readonly remarks: readonly string[] };

let fleet: SweptFleet;
let servers: RemoteServers;
let canary: Canary;
let first: Swept;
let second: Swept;
const repos = new Map<string, SweptRepo>();
const own = new Map<string, { repo: TestRepo; before: Record<string, string> }>();
const repo = (slug: string): SweptRepo => repos.get(slug) ?? (undefined as never);

async function sweep(): Promise<Swept> {
  const ran = await fleet.sweepAsScript(["--source", "local-timer"]);
  expect({ code: ran.code, err: ran.err.includes("C-00") }).toEqual({ code: 0, err: false });
  return JSON.parse(ran.out) as Swept;
}

function register(path: string, slug: string | null, remoteUrl: string | null = null, host = hostname()) {
  return fleet.hub.database.transaction((tx) => addRepo(tx, { path, host, slug, domain: null, remoteUrl }));
}

/** Checkouts of one repository, each hostile in its own way. */
interface Checkout {
  readonly name: string;
  /** What C-16 observes; null: it is brought up. */
  readonly says: RegExp | null;
  readonly path: string;
  before: Record<string, string>;
}
const checkouts: Checkout[] = [];

async function addCheckout(name: string, says: RegExp | null, arm: (path: string) => unknown, folder = "checkout") {
  const path = join(fleet.folder, "checkouts", String(checkouts.length), folder);
  await repo("armed").bare.git("clone", "--quiet", repo("armed").path, path);
  await register(path, null);
  await arm(path);
  checkouts.push({ name, says, path, before: {} });
}

const configOf = (path: string) => join(path, ".git/config");

async function addCheckouts(): Promise<void> {
  for (const [key, value] of Object.entries(refusedKeys(canary.path))) {
    await addCheckout(key, new RegExp(`^${RegExp.escape(key)} in `, "i"), (path) => {
      writeFileSync(join(path, ".git/included"), `[core]\n\tfsmonitor = ${canary.path}\n`);
      addKey(configOf(path), key, value);
    });
  }
  await addCheckout("every key that git knows", /for 'core\.bare' .*config\)$| in .*config: /, (path) => {
    for (const key of everyKey()) addKey(configOf(path), key, canary.path);
    canary.addHooks(join(path, ".git/hooks"));
  });
  await addCheckout("programs of which none is needed, and hooks of every kind", null, (path) => {
    for (const key of programKeys()) addKey(configOf(path), key, canary.path);
    canary.addHooks(join(path, ".git/hooks"));
  });
  await addCheckout("hooks where its configuration leads", null, (path) => {
    canary.addHooks(join(path, ".git/elsewhere"));
    addKey(configOf(path), "core.hooksPath", join(path, ".git/elsewhere"));
  });
  await addCheckout("a submodule from elsewhere", null, (path) => {
    addKey(configOf(path), "submodule.evil.url", `ext::${canary.path}`);
    addKey(configOf(path), "submodule.evil.update", `!${canary.path}`);
    addKey(configOf(path), "submodule.recurse", "true");
  });
  await addCheckout("a .git file that points to another repository", /\.git points to /, (path) => {
    rmSync(join(path, ".git"), { recursive: true });
    writeFileSync(join(path, ".git"), `gitdir: ${repo("sound").checkout.path}/.git\n`);
  });
  await addCheckout("a git folder that was moved away", /is not the git folder of a linked worktree/, (path) => {
    renameSync(join(path, ".git"), `${path}-git`);
    writeFileSync(join(path, ".git"), `gitdir: ${path}-git\n`);
    canary.addHooks(join(`${path}-git`, "hooks"));
  });
  await addCheckout("objects that are a link to elsewhere", /is a symbolic link/, (path) => {
    renameSync(join(path, ".git/objects"), `${path}-objects`);
    symlinkSync(`${path}-objects`, join(path, ".git/objects"));
  });
  for (const folder of ["-x", "--upload-pack=canary", `$(${canary.shell})`, `it's \`${canary.shell}\`;"\n&&|\t*`])
    await addCheckout(`the path ${JSON.stringify(folder)}`, null, () => {}, folder.replaceAll("/", "_"));
}

/** What a repository may call its remote, and what C-06 says of it. */
const URLS: readonly (readonly [name: string, url: (canary: Canary) => string, says: RegExp])[] = [
  ["ext::", ({ path }) => `ext::sh -c ${path}`, /the transport ext:: starts a program/],
  ["fd::", () => "fd::17", /the transport fd:: starts a program/],
  ["an option", ({ path }) => `--upload-pack=${path}`, /begins with -/],
  ["-x", () => "-x", /begins with -/],
  ["a host that is an option", ({ shell }) => `ssh://-oProxyCommand=${shell}/x`, /begins with -|no host name/],
  ["a host that is an option, as scp has it", () => "a@-oProxyCommand=canary:x", /begins with -/],
  ["a user with a command", ({ shell }) => `ssh://$(${shell.replaceAll("/", "%2f")})@127.0.0.1/x`, /no user name/],
  ["a relative path that is a command", ({ shell }) => `$(${shell})`, /relative path/],
  ["a path with a line end", () => "/tmp/a\nb", /cannot be shown/],
  ["git://", () => "git://127.0.0.1/git", /git:\/\/ is not open/],
  ["http://", () => "http://127.0.0.1/http", /readable, and can be changed/],
];

const BRANCHES = (shell: string) => ["-x", `$(${shell})`, `\`${shell}\`;&&|x>y'"`, "--upload-pack=canary"];

async function addUrls(): Promise<void> {
  for (const [at, [, url]] of URLS.entries())
    repos.set(`url-${at}`, await fleet.add(`url-${at}`, { url: () => url(canary), checkout: false }));
  const byConfig = await makeRepo(fleet.folder, "configured", { [planPath("configured")]: planOf("configured") });
  await byConfig.git("remote", "add", "origin", `ext::${canary.path} configured`);
  await register(byConfig.path, "configured");
}

async function addBranches(): Promise<void> {
  for (const [at, branch] of BRANCHES(canary.shell).entries()) {
    const slug = `branch-${at}`;
    const made = await fleet.add(slug, { checkout: false });
    await made.bare.git("update-ref", `refs/heads/${branch}`, "main");
    await made.bare.git("symbolic-ref", "HEAD", `refs/heads/${branch}`);
    await made.bare.git("update-ref", "-d", "refs/heads/main");
    const path = join(fleet.folder, slug, "checkout");
    await made.bare.git("clone", "--quiet", made.path, path);
    await register(path, null);
    repos.set(slug, { ...made, checkout: openRepo(path) });
  }
}

/** Everything that git would act on in a work tree. */
async function addTree(): Promise<void> {
  const made = await fleet.add("tree", { checkout: false });
  const attributes = "* filter=evil diff=evil merge=evil text eol=crlf ident export-subst\n";
  await commitEntries(
    made.clone,
    [
      { path: ".gitattributes", content: attributes },
      { path: "workplans/.gitattributes", content: "*.md filter=evil -text working-tree-encoding=UTF-16LE\n" },
      {
        path: ".gitmodules",
        content: `[submodule "evil"]\n\tpath = evil\n\turl = ext::${canary.path}\n\tupdate = !touch\n`,
      },
      { path: "evil", content: "0".repeat(39).concat("1"), mode: "160000" },
      { path: "workplans/link.md", content: canary.path, mode: "120000" },
      { path: `$(${canary.shell})`, content: "a name with a command\n" },
    ],
    { checkOut: false },
  );
  await made.clone.git("push", "--quiet", "origin", "HEAD:main");
  repos.set("tree", made);
}

/** Repositories that are their own remote, or whose remote is as hostile as a checkout can be. */
async function addOwn(): Promise<void> {
  for (const slug of ["own", "own-refused"]) {
    const made = await makeRepo(fleet.folder, slug, { [planPath(slug)]: planOf(slug) });
    await register(made.path, slug);
    canary.addHooks(join(made.path, ".git/hooks"));
    for (const key of programKeys()) addKey(configOf(made.path), key, canary.path);
    if (slug === "own-refused") addKey(configOf(made.path), "filter.evil.clean", canary.path);
    own.set(slug, { repo: made, before: digestOf(made.path) });
  }
  const read = await fleet.add("read-only", { files: { "workplans/README.md": "none yet\n" } });
  for (const key of [...programKeys(), "core.alternateRefsCommand"])
    addKey(join(read.path, "config"), key, canary.path);
  canary.addHooks(join(read.path, "hooks"));
  writeFileSync(join(read.path, "objects/info/alternates"), `${repo("sound").path}/objects\n`);
  repos.set("read-only", read);
}

async function addPaths(): Promise<void> {
  const folder = join(fleet.folder, "odd", `-x$(${canary.shell.replaceAll("/", "_")});'"`);
  const made = await fleet.add("odd-path", { checkout: false });
  mkdirSync(folder, { recursive: true });
  renameSync(made.path, join(folder, "-x.git"));
  await register(made.clone.path, "odd-path", join(folder, "-x.git"), "a-host-that-never-sweeps");
  repos.set("odd-path", { ...made, path: join(folder, "-x.git"), bare: openRepo(join(folder, "-x.git")) });
}

/** Remotes on this machine whose hooks are not a remote's own: a checkout's, or those of another account. */
const ELSEWHERE_HOOKS: readonly (readonly [slug: string, url: (path: string) => string])[] = [
  ["itself", (path) => path],
  ["itself-by-dot", () => "./"],
  ["its-git-folder", (path) => `file://${path}/.git`],
  ["a-folder-in-it", (path) => `${path}/inner.git`],
];

async function addRemotesWithHooks(): Promise<void> {
  for (const [slug, url] of ELSEWHERE_HOOKS) {
    const made = await makeRepo(fleet.folder, slug, { [planPath(slug)]: planOf(slug), ".gitignore": "inner.git\n" });
    await made.git("clone", "--quiet", "--bare", ".", "inner.git");
    for (const hooks of [".git/hooks", "inner.git/hooks"]) canary.addHooks(join(made.path, hooks));
    await made.git("config", "remote.origin.url", url(made.path));
    await register(made.path, slug);
    own.set(slug, { repo: made, before: digestOf(made.path) });
  }
  if (process.getuid?.() !== 0) return;
  const foreign = await fleet.add("of-another-account", { checkout: false });
  canary.addHooks(join(foreign.path, "hooks"));
  expect(Bun.spawnSync(["chown", "-R", "12345:12345", foreign.path]).exitCode).toBe(0);
  repos.set("of-another-account", foreign);
}

/** Over the network, where a checkout of theirs names programs for it. */
async function addOverNetwork(): Promise<void> {
  for (const [slug, server] of [
    ["over-ssh", "ssh"],
    ["asks-password", "password"],
  ] as const) {
    const made = await fleet.add(slug, { url: (path) => servers.url(server, path) });
    for (const key of programKeys()) addKey(configOf(made.checkout.path), key, canary.path);
    repos.set(slug, made);
  }
  servers.fail(true);
}

beforeAll(async () => {
  fleet = await sweptFleet();
  servers = await startRemoteServers(fleet);
  canary = canaryIn(fleet.folder);
  for (const slug of ["sound", "armed"]) repos.set(slug, await fleet.add(slug));
  await addCheckouts();
  await addUrls();
  await addBranches();
  await addTree();
  await addOwn();
  await addPaths();
  await addRemotesWithHooks();
  await addOverNetwork();
  for (const each of checkouts) each.before = digestOf(dirname(each.path));
  first = await sweep();
  second = await sweep();
}, WATCHDOG);
afterAll(async () => {
  await servers.stop();
  await fleet.close();
});

const findings = (slug: string, report = first) => report.assessment_failures.filter((each) => each.repo === slug);
const writtenBack = (slug: string) =>
  first.repos_processed.find((each) => each.slug === slug)?.actions.written_back ?? null;
const remarks = (slug: string) => first.remarks.filter((remark) => remark.startsWith(`${slug}: `));
/** What our commit changed, against the one before it. */
const changedBySync = async (bare: TestRepo, branch: string) => {
  expect(await bare.git("log", "-1", "--format=%an", `refs/heads/${branch}`)).toBe("State Hub sync\n");
  const range = [`refs/heads/${branch}~1`, `refs/heads/${branch}`];
  return (await bare.git("diff-tree", "-r", "-z", "--name-only", ...range)).split("\0").filter(Boolean);
};

test("a sweep over hostile repositories runs nothing of theirs, and nor does the next", () => {
  expect(canary.marks()).toBe("");
});

test("a sweep over hostile repositories does for the sound one what it always does", async () => {
  expect(writtenBack("sound")).toBe(2);
  expect(findings("sound")).toEqual([]);
  const { checkout, bare } = repo("sound");
  expect(await checkout.git("rev-parse", "HEAD")).toBe(await bare.git("rev-parse", "main"));
  expect(await checkout.git("status", "--porcelain")).toBe("");
  expect(first.automation_error).toBeNull();
});

test("a sweep of hostile checkouts pushes what their repository needs, and only planned paths", async () => {
  expect(writtenBack("armed")).toBe(2);
  expect(await changedBySync(repo("armed").bare, "main")).toEqual([planPath("armed")]);
});

test("a checkout with a hostile configuration is left byte for byte and named with its key, or it is brought up", async () => {
  const [tip, text] = await Promise.all([
    repo("armed").bare.git("rev-parse", "main"),
    repo("armed").bare.git("show", `main:${planPath("armed")}`),
  ]);
  expect(checkouts.length).toBeGreaterThan(20);
  for (const { name, path, says, before } of checkouts) {
    const found = findings("armed").filter(({ subject }) => subject === `${hostname()}:${path}`);
    if (says === null) {
      expect({ name, found }).toEqual({ name, found: [] });
      // Git's files are read: to start git here would run what is under test.
      expect({ name, head: readFileSync(join(path, ".git/refs/heads/main"), "utf8") }).toEqual({ name, head: tip });
      expect({ name, text: readFileSync(join(path, planPath("armed")), "utf8") }).toEqual({ name, text });
    } else {
      const wanted = { check: "C-16", observed: expect.stringMatching(says) as string };
      expect({ name, found }).toEqual({ name, found: [expect.objectContaining(wanted)] });
      expect({ name, changed: changes(before, digestOf(dirname(path))) }).toEqual({ name, changed: [] });
    }
  }
});

function changes(before: Record<string, string>, after: Record<string, string>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path]);
}

describe.each(URLS.map(([name, , says], at) => [name, `url-${at}`, says] as const))(
  "a remote called %s",
  (_, slug, says) => {
    test("is C-06, and is not asked", () => {
      expect(findings(slug)).toEqual([
        expect.objectContaining({ check: "C-06", observed: expect.stringMatching(says) as string }),
      ]);
      expect(first.skipped_missing).toContain(slug);
      // It reaches a terminal.
      for (const { observed, hint } of findings(slug)) expect(`${observed}${hint}`).not.toMatch(/\p{Cc}/u);
    });
  },
);

test("a remote called ext:: by the checkout's own configuration is C-06 too", () => {
  expect(findings("configured")).toEqual([
    expect.objectContaining({ check: "C-06", observed: expect.stringContaining("starts a program") as string }),
  ]);
});

test("a branch whose name is a command or an option is swept like any other", async () => {
  for (const [at, branch] of BRANCHES(canary.shell).entries()) {
    const { bare, checkout } = repo(`branch-${at}`);
    expect({ branch, written: writtenBack(`branch-${at}`) }).toEqual({ branch, written: 2 });
    expect({ branch, changed: await changedBySync(bare, branch) }).toEqual({
      branch,
      changed: [planPath(`branch-${at}`)],
    });
    expect({ branch, found: findings(`branch-${at}`) }).toEqual({ branch, found: [] });
    expect(await checkout.git("rev-parse", "HEAD")).toBe(await bare.git("rev-parse", `refs/heads/${branch}`));
  }
});

test("a remote at a path that is a command is swept like any other", async () => {
  expect(writtenBack("odd-path")).toBe(2);
  expect(await changedBySync(repo("odd-path").bare, "main")).toEqual([planPath("odd-path")]);
});

test("attributes, submodules and links in a tree have no say in our commit: the planned path, in its own bytes", async () => {
  const { bare } = repo("tree");
  expect(await changedBySync(bare, "main")).toEqual([planPath("tree")]);
  const lines = (await bare.git("show", `main:${planPath("tree")}`)).split("\n");
  expect(lines.filter((line) => !/^state_hub_\w+_id: "/.test(line)).join("\n")).toBe(planOf("tree"));
  expect(lines.length).toBe(planOf("tree").split("\n").length + 2);
  expect(findings("tree").map(({ check, path }) => [check, path])).toEqual([["C-23", "workplans/link.md"]]);
});

describe("a repository that is its own remote", () => {
  test("gets its commit without a hook or a program of its own", async () => {
    const path = own.get("own")?.repo.path ?? "";
    expect(writtenBack("own")).toBe(2);
    expect(readFileSync(join(path, planPath("own")), "utf8")).toContain("state_hub_workstream_id");
  });

  test("is left byte for byte where a key stands in the way, which is named", () => {
    const { repo: made, before } = own.get("own-refused") ?? (undefined as never);
    expect(writtenBack("own-refused")).toBe(0);
    expect(remarks("own-refused")).toEqual([expect.stringContaining("filter.evil.clean in ")]);
    expect(changes(before, digestOf(made.path))).toEqual([]);
  });
});

describe("a remote on this machine", () => {
  test("that can only be read runs nothing while it is", () => {
    expect(first.repos_processed.map(({ slug }) => slug)).toContain("read-only");
    expect(findings("read-only")).toEqual([]);
  });

  test.each(ELSEWHERE_HOOKS.map(([slug]) => slug))("that is %s is read and not pushed to", (slug) => {
    const { repo: made, before } = own.get(slug) ?? (undefined as never);
    expect(writtenBack(slug)).toBe(0);
    expect(remarks(slug)).toEqual([expect.stringContaining(`lies within the checkout ${made.path}`)]);
    expect(changes(before, digestOf(made.path))).toEqual([]);
  });

  test.if(process.getuid?.() === 0)("that is another account's is read and not pushed to", () => {
    expect(writtenBack("of-another-account")).toBe(0);
    expect(remarks("of-another-account")).toEqual([expect.stringContaining("dubious ownership")]);
  });
});

describe("a checkout that names programs for the network", () => {
  test("has no say in how its remote is reached over ssh", () => {
    expect(writtenBack("over-ssh")).toBe(2);
    expect(findings("over-ssh")).toEqual([]);
  });

  test("is not asked for the password that its remote wants", () => {
    expect(findings("asks-password")).toEqual([
      expect.objectContaining({
        check: "C-06",
        observed: expect.stringContaining("terminal prompts disabled") as string,
      }),
    ]);
  });
});

test("the next sweep finds the same and writes nothing", () => {
  const told = ({ assessment_failures }: Swept) =>
    assessment_failures.map(({ check, repo: slug, subject, observed }) => [check, slug, subject, observed].join(" "));
  expect(told(second).sort()).toEqual(told(first).sort());
  expect(second.repos_processed.filter(({ actions }) => Object.values(actions).some((count) => count > 0))).toEqual([]);
});

test("the mark can be left: git itself leaves it in such a checkout", async () => {
  const armed = checkouts.find(({ name }) => name.startsWith("programs of which"));
  await openRepo(armed?.path ?? "")
    .git("status")
    .catch(() => {});
  expect(canary.marks()).toContain("canary");
});
