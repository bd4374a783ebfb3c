// Which repositories the hub knows. A second clone of one, or the same one moved elsewhere, is the same repository: it
// keeps its id and with it every row.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Reader, Transaction } from "../db/connect.ts";
import { usageFailure } from "../failure.ts";
import { type Checkout, canonicalPath, checkoutAt, defaultTip, findCheckout, type Tip } from "../git/checkout.ts";
import { type RepoIdentity, readIdentity } from "../git/identity.ts";
import { printableUrl } from "../secret.ts";

export interface AddRequest {
  readonly path: string;
  readonly host: string;
  readonly slug: string | null;
  readonly domain: string | null;
  readonly remoteUrl: string | null;
}

export interface AddedRepo {
  readonly id: string;
  readonly slug: string;
  readonly path: string;
  /** `new`; `checkout`: known repository, new place; `known`: nothing to do; `back`: it had been removed. */
  readonly outcome: "new" | "checkout" | "known" | "back";
}

export interface ListedRepo {
  readonly slug: string;
  readonly domain: string | null;
  readonly remote_url: string | null;
  readonly default_branch: string | null;
  readonly last_source_commit: string | null;
  readonly checkouts: readonly { readonly host: string; readonly path: string }[];
  readonly workstreams: number;
  readonly tasks: number;
  readonly missing_since: string | null;
}

interface RepoRow {
  id: string;
  slug: string;
  remote_url: string | null;
  root_commits: string | null;
  default_branch: string | null;
  removed_at: string | null;
  checkouts: { host: string; path: string }[];
}

/** The checkout that holds `path`, with the slug that it is registered under on this host; null while it is not. */
export async function checkoutOfPath(
  sql: Reader,
  path: string,
  host: string,
): Promise<{ path: string; slug: string | null }> {
  const checkout = requireCheckout(path);
  const [row] = await sql<{ slug: string }[]>`
    select r.slug from repo_checkouts c join repos r on r.id = c.repo_id
    where c.host = ${host} and c.path = ${checkout.path} and r.removed_at is null`;
  return { path: checkout.path, slug: row?.slug ?? null };
}

/**
 * Registers the repository that holds a path. Repeating it changes nothing.
 * @throws OpsFailure (usage) when the path is no git repository, has no commit, or its slug is taken by another one
 */
export async function addRepo(tx: Transaction, request: AddRequest): Promise<AddedRepo> {
  const checkout = requireCheckout(request.path);
  const tip = await requireTip(checkout);
  const found = await readIdentity(checkout, tip.commit);
  const identity = {
    ...found,
    remoteUrl: request.remoteUrl === null ? found.remoteUrl : printableUrl(request.remoteUrl),
  };
  const known = await knownRepo(tx, checkout, identity, request);
  const remoteUrl = known && isClonedFrom(known, identity, request.host) ? null : identity.remoteUrl;
  const domainId = request.domain === null ? null : await domainNamed(tx, request.domain);
  const repo = known ?? (await insertRepo(tx, request.slug ?? slugFrom(checkout, identity), identity, tip.branch));
  const outcome = outcomeOf(known, checkout.path, request.host);
  const branchKept = known?.default_branch === tip.branch;
  if (outcome === "known" && branchKept && request.domain === null && request.remoteUrl === null)
    return { ...repo, path: checkout.path, outcome };
  await tx`
    update repos set removed_at = null, missing_since = null, default_branch = ${tip.branch},
      domain_id = coalesce(${domainId}::uuid, domain_id), remote_url = coalesce(${remoteUrl}, remote_url),
      root_commits = coalesce(root_commits, ${identity.rootCommits})
    where id = ${repo.id}`;
  await tx`
    insert into repo_checkouts (host, path, repo_id) values (${request.host}, ${checkout.path}, ${repo.id})
    on conflict (host, path) do update set repo_id = excluded.repo_id`;
  return { id: repo.id, slug: repo.slug, path: checkout.path, outcome };
}

/** Takes a repository out of every run. Its rows stay, and come back with it. @throws OpsFailure (usage) when unknown */
export async function removeRepo(tx: Transaction, slug: string): Promise<void> {
  const rows = await tx`update repos set removed_at = now() where slug = ${slug} and removed_at is null returning id`;
  if (rows.length === 0)
    throw usageFailure("Could not remove the repository", {
      observed: `no repository is registered as ${slug}`,
      hint: "scripts/state_hub.ts repo list",
    });
}

/** The registered repositories, by slug. */
export async function listRepos(sql: Reader): Promise<ListedRepo[]> {
  const rows = await sql<ListedRepo[]>`
    select r.slug, d.slug as domain, r.remote_url, r.default_branch, r.last_source_commit,
      (select coalesce(json_agg(json_build_object('host', c.host, 'path', c.path) order by c.host, c.path), '[]') from repo_checkouts c where c.repo_id = r.id) as checkouts,
      (select count(*)::int from workstreams w where w.repo_id = r.id and w.orphaned_at is null) as workstreams,
      (select count(*)::int from tasks t where t.repo_id = r.id and t.orphaned_at is null) as tasks,
      to_json(r.missing_since) #>> '{}' as missing_since
    from repos r left join domains d on d.id = r.domain_id
    where r.removed_at is null order by r.slug`;
  return [...rows];
}

function requireCheckout(path: string): Checkout {
  const at = canonicalPath(path);
  const checkout = existsSync(at) ? findCheckout(at) : null;
  if (checkout) return checkout;
  throw usageFailure("Could not open the repository", {
    observed: existsSync(at) ? "not inside a git repository" : "no such folder",
    where: at,
    hint: existsSync(at)
      ? `git init ${at} && git -C ${at} add . && git -C ${at} commit`
      : "scripts/state_hub.ts repo list",
  });
}

async function requireTip(checkout: Checkout): Promise<Tip> {
  const tip = await defaultTip(checkout);
  if (tip) return tip;
  throw usageFailure("Could not open the repository", {
    observed: "it has no commit on a default branch",
    where: checkout.path,
    hint: `git -C ${checkout.path} commit`,
  });
}

/** The registered repository that this checkout is of: by path, by the slug that was asked for, by URL, by history. */
async function knownRepo(
  tx: Transaction,
  checkout: Checkout,
  identity: RepoIdentity,
  request: AddRequest,
): Promise<RepoRow | null> {
  const rows = await tx<RepoRow[]>`
    select r.id, r.slug, r.remote_url, r.root_commits, r.default_branch, r.removed_at,
      (select coalesce(json_agg(json_build_object('host', c.host, 'path', c.path)), '[]') from repo_checkouts c where c.repo_id = r.id) as checkouts
    from repos r order by r.created_at, r.id for update of r`;
  const here = rows.find((row) =>
    row.checkouts.some(({ host, path }) => host === request.host && path === checkout.path),
  );
  if (here) return request.slug === null || request.slug === here.slug ? here : slugTaken(here, request.slug);
  const slug = request.slug ?? slugFrom(checkout, identity);
  const same = rows.find((row) => isSameRepo(row, checkout, identity, request.host));
  if (same && request.slug !== null && same.slug !== request.slug) return slugTaken(same, request.slug);
  if (same) return same;
  const taken = rows.find((row) => row.slug === slug);
  if (!taken) return null;
  throw usageFailure("Could not register the repository", {
    observed: `the slug ${slug} belongs to another one${taken.checkouts[0] ? `, at ${taken.checkouts[0].path}` : ""}`,
    where: checkout.path,
    hint: `scripts/state_hub.ts repo add ${checkout.path} --slug ${slug}-2`,
  });
}

function slugTaken(row: RepoRow, slug: string): never {
  throw usageFailure("Could not register the repository", {
    observed: `it is registered as ${row.slug}`,
    expected: slug,
    hint: `scripts/state_hub.ts repo list`,
  });
}

/**
 * The same remote is the same repository. The same history without the same remote is the same repository when it was
 * cloned from a checkout that we know, or when none of its known checkouts is there any more: it has moved. Otherwise it
 * is a fork, with ids of its own to be found as duplicates.
 */
function isSameRepo(row: RepoRow, checkout: Checkout, identity: RepoIdentity, host: string): boolean {
  if (identity.remoteUrl !== null && identity.remoteUrl === row.remote_url) return true;
  const local = localPaths(row, host);
  if (local.some((path) => sharesObjects(path, checkout))) return true;
  if (identity.rootCommits === null || identity.rootCommits !== row.root_commits) return false;
  if (isClonedFrom(row, identity, host) || row.remote_url === checkout.path) return true;
  return row.checkouts.length > 0 && local.length === row.checkouts.length && local.every((path) => !existsSync(path));
}

function localPaths(row: RepoRow, host: string): string[] {
  return row.checkouts.filter((each) => each.host === host).map(({ path }) => path);
}

/** A linked worktree has its main checkout's git folder. */
function sharesObjects(path: string, checkout: Checkout): boolean {
  const other = checkoutAt(path);
  return other !== null && canonicalPath(other.commonDir) === canonicalPath(checkout.commonDir);
}

/** Its remote is one of the repository's own checkouts here: a way to that repository, but not where it lives. */
function isClonedFrom(row: RepoRow, { remoteUrl }: RepoIdentity, host: string): boolean {
  return remoteUrl !== null && localPaths(row, host).includes(canonicalPath(remoteUrl));
}

function outcomeOf(known: RepoRow | null, path: string, host: string): AddedRepo["outcome"] {
  if (known === null) return "new";
  if (known.removed_at !== null) return "back";
  return known.checkouts.some((each) => each.host === host && each.path === path) ? "known" : "checkout";
}

async function insertRepo(
  tx: Transaction,
  slug: string,
  identity: RepoIdentity,
  branch: string,
): Promise<{ id: string; slug: string }> {
  const [row] = await tx<{ id: string; slug: string }[]>`
    insert into repos (slug, remote_url, root_commits, default_branch)
    values (${slug}, ${identity.remoteUrl}, ${identity.rootCommits}, ${branch}) returning id, slug`;
  if (!row) throw new Error("a repository that was just inserted has no row");
  return row;
}

async function domainNamed(tx: Transaction, slug: string): Promise<string | null> {
  await tx`insert into domains (slug) values (${slug}) on conflict do nothing`;
  const [row] = await tx<{ id: string }[]>`select id from domains where slug = ${slug}`;
  return row?.id ?? null;
}

/** The last part of the remote's URL or of the path, as a slug: lower case letters, digits, dots, dashes, underscores. */
function slugFrom(checkout: Checkout, { remoteUrl }: RepoIdentity): string {
  const name = basename((remoteUrl ?? checkout.path).replace(/[/:]+$/, "").replace(/^[^/]*:/, "")).replace(
    /\.git$/,
    "",
  );
  const slug = (name || basename(checkout.path))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return slug || "repo";
}
