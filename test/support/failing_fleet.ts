// A fleet in which every repository but three has something the matter with its remote, and what each sweep over it left:
// written down sweep by sweep, so that a test can ask about any moment of the history.
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { OpenFinding } from "../../lib/consistency/findings.ts";
import type { ProcessedRepo, Report } from "../../lib/consistency/report.ts";
import type { RepoState } from "../../lib/consistency/sweep/back_off.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { canMount, FULL, freeDisk, hook, REFUSING, UNREADABLE } from "./failing_remotes.ts";
import { workplanText } from "./git_repo.ts";
import { type RemoteServers, type ServerName, startRemoteServers } from "./remote_servers.ts";
import { planId, planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "./swept_fleet.ts";

export const WELL = ["over-path", "over-ssh", "over-https"] as const;
export const CHANGED = ["forced", "renamed", "shallow", "raced", "overtaken"] as const;
export const refusing = canMount ? [...REFUSING, FULL] : REFUSING;
const SLUGS: readonly string[] = [...WELL, ...CHANGED, ...[...UNREADABLE, ...refusing].map(({ slug }) => slug)];

/** Those with a checkout on this host. */
const FOLLOWED: ReadonlySet<string> = new Set(["over-path", "over-ssh", "over-https", "forced", "renamed", "missing"]);

export interface Row {
  readonly id: string;
  /** Of the workplan or task. */
  readonly name: string;
  /** Sighted as absent, or orphaned. */
  readonly missing: boolean;
}

/** What one sweep left. */
export interface Stage {
  readonly code: number;
  readonly report: Report & { readonly remarks: readonly string[] };
  readonly states: Readonly<Record<string, RepoState>>;
  processed(slug: string): ProcessedRepo | undefined;
  findings(slug: string): OpenFinding[];
  rows(slug: string): readonly Row[];
  /** Connections to its server so far; null where it has none of its own, or where they end before they count. */
  contacts(slug: string): number | null;
  /** Pushes that reached its hooks so far. */
  calls(slug: string): number;
}

export interface FailingFleet {
  readonly fleet: SweptFleet;
  repo(slug: string): SweptRepo;
  /** All of it breaks; those that are well, changed or refusing get a workplan that lacks its ids. */
  break(): Promise<void>;
  mend(): Promise<void>;
  /** As a timer starts it, unless flags say otherwise. */
  sweep(...flags: string[]): Promise<Stage>;
  /** Somebody pushes a workplan, or what is left of it after a sync: new is a line of text. */
  push(slug: string, branch?: string): Promise<void>;
  close(): Promise<void>;
}

export async function failingFleet(): Promise<FailingFleet> {
  const fleet = await sweptFleet();
  const servers = await startRemoteServers(fleet);
  const repos = new Map<string, SweptRepo>();
  await forEachAtMost(SLUGS, 4, async (slug) => {
    const server = serverOf(slug);
    const files = slug === "forced" ? plansOf(slug) : { [planPath(slug)]: planOf(slug) };
    const url = server === undefined ? {} : { url: (path: string) => servers.url(server, path) };
    repos.set(slug, await fleet.add(slug, { files, checkout: FOLLOWED.has(slug), ...url }));
  });
  const repo = (slug: string) => repos.get(slug) ?? raise(slug);
  return {
    fleet,
    repo,
    break: () => breakAll(repo, servers),
    mend: () => mendAll(repo, servers, fleet),
    sweep: (...flags) => sweep(fleet, servers, repo, flags.length > 0 ? flags : ["--source", "local-timer"]),
    push: (slug, branch) => push(repo(slug), branch),
    close: async () => {
      for (const { path } of repos.values()) freeDisk(path);
      await servers.stop();
      await fleet.close();
    },
  };
}

type Repos = (slug: string) => SweptRepo;

async function breakAll(repo: Repos, servers: RemoteServers): Promise<void> {
  const [forced, renamed, shallow, raced, overtaken] = CHANGED.map(repo) as readonly SweptRepo[] as readonly [
    SweptRepo,
    SweptRepo,
    SweptRepo,
    SweptRepo,
    SweptRepo,
  ];
  await forced.clone.commit({ [secondPlan("forced")]: null });
  await forced.clone.git("push", "--quiet", "--force", "origin", "HEAD:main");
  await renamed.bare.git("branch", "--move", "main", "trunk");
  await renamed.bare.git("symbolic-ref", "HEAD", "refs/heads/trunk");
  await push(renamed, "trunk");
  renameSync(shallow.path, `${shallow.path}.deep`);
  await shallow.clone.git("clone", "--quiet", "--bare", "--depth=1", `file://${shallow.path}.deep`, shallow.path);
  for (const each of [shallow, raced, overtaken, ...WELL.map(repo), ...refusing.map(({ slug }) => repo(slug))])
    await push(each);
  for (const { clone } of [raced, overtaken]) {
    await clone.commit({ "somebody.txt": "was faster\n" });
    await clone.git("push", "--quiet", "origin", "HEAD:faster");
  }
  const once = `${overtaken.path}/once`;
  const move = `git -C '${overtaken.path}' update-ref refs/heads/main faster`;
  servers.beforePushes("overtaken", `test -e '${once}' || { touch '${once}'; ${move}; }`);
  hook(raced, "pre-receive", `test -e raced && exit 0; touch raced\n${OUTSIDE} git update-ref refs/heads/main faster`);
  for (const { slug, breaks } of [...UNREADABLE, ...refusing]) await breaks?.(repo(slug));
  servers.fail(true);
}

// A hook's git works within the quarantine of what was pushed, where it may not move a ref (git-receive-pack(1)).
const OUTSIDE = "env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES";

async function mendAll(repo: Repos, servers: RemoteServers, fleet: SweptFleet): Promise<void> {
  for (const { slug, mends } of [...UNREADABLE, ...refusing]) await mends?.(repo(slug), fleet);
  servers.fail(false);
}

async function push({ slug, clone }: SweptRepo, branch = "main"): Promise<void> {
  await clone.git("fetch", "--quiet", "--update-shallow", "origin", branch);
  await clone.git("reset", "--quiet", "--hard", "FETCH_HEAD");
  const text = `${secondText(slug)}\n${crypto.randomUUID()}\n`;
  await clone.commit(
    existsSync(join(clone.path, secondPlan(slug))) ? { "notes.txt": text } : { [secondPlan(slug)]: text },
  );
  await clone.git("push", "--quiet", "origin", `HEAD:${branch}`);
}

async function sweep(fleet: SweptFleet, servers: RemoteServers, repo: Repos, flags: string[]): Promise<Stage> {
  const ran = await fleet.sweepAsScript(flags);
  const report = JSON.parse(ran.out) as Stage["report"];
  const rows = Map.groupBy(await rowsOf(fleet), ({ slug }) => slug);
  const contacts = new Map(SLUGS.map((slug) => [slug, servers.contacts(serverOf(slug) ?? "ssh")]));
  const calls = new Map(SLUGS.map((slug) => [slug, callsOf(repo(slug))]));
  return {
    code: ran.code,
    report,
    states: await fleet.states(),
    processed: (slug) => report.repos_processed.find((each) => each.slug === slug),
    findings: (slug) => report.assessment_failures.filter((each) => each.repo === slug),
    rows: (slug) => rows.get(slug)?.map(({ id, name, missing }) => ({ id, name, missing })) ?? [],
    contacts: (slug) => (serverOf(slug) === undefined || slug === "untrusted" ? null : (contacts.get(slug) ?? 0)),
    calls: (slug) => calls.get(slug) ?? 0,
  };
}

function rowsOf({ hub }: SweptFleet) {
  return hub.database.sql<(Row & { slug: string })[]>`
    select r.slug, w.id, w.workplan_id as name, w.missing_since is not null or w.orphaned_at is not null as missing
    from workstreams w join repos r on r.id = w.repo_id
    union all
    select r.slug, t.id, t.task_id, t.missing_since is not null or t.orphaned_at is not null
    from tasks t join repos r on r.id = t.repo_id order by 3`;
}

function callsOf({ path }: SweptRepo): number {
  const file = join(path, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

function serverOf(slug: string): ServerName | undefined {
  if (slug === "over-ssh") return "ssh";
  if (slug === "overtaken") return "overtaken";
  return slug === "over-https" ? "https" : UNREADABLE.find((each) => each.slug === slug)?.server;
}

/** A workplan without the ids that a sweep writes into it. */
export function secondPlan(slug: string): string {
  return planPath(slug).replace("0001", "0002");
}

function secondText(slug: string): string {
  const id = planId(slug).replace("0001", "0002");
  return workplanText({ id, tasks: [{ id: `${id}-T01` }] });
}

function plansOf(slug: string) {
  return { [planPath(slug)]: planOf(slug), [secondPlan(slug)]: secondText(slug) };
}

function raise(slug: string): never {
  throw new Error(`there is no repository ${slug}`);
}
