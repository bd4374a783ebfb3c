// Which repositories the hub knows. A second clone of one, or the same one moved elsewhere, is the same repository: it
// keeps its id and with it every row.
import { statSync } from "node:fs";
import type { Reader, Transaction } from "../db/handles.ts";
import { recordTransitions } from "../events/transitions.ts";
import { type OpsFailure, usageFailure } from "../failure.ts";
import { type Checkout, canonicalPath, defaultTip, detachedCommit, findCheckout, type Tip } from "../git/checkout.ts";
import { isSameRemote, type RepoIdentity, readIdentity } from "../git/identity.ts";
import { printableUrl } from "../secret.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { isClonedFrom, isSameRepo, type KnownIdentity, slugFrom } from "./repo_identity.ts";

export interface AddRequest {
  readonly path: string;
  readonly host: string;
  readonly slug: string | null;
  readonly domain: string | null;
  readonly remoteUrl: string | null;
  /** Go on from this checkout's branch as it is, whatever was applied before: its history was rewritten on purpose. */
  readonly acceptHistory?: boolean;
}

export interface AddedRepo {
  readonly id: string;
  readonly slug: string;
  readonly path: string;
  /**
   * `new`; `checkout`: known repository, new place; `known`: nothing to do; `changed`: known, and what was asked for beside
   * was set; `back`: it had been removed.
   */
  readonly outcome: "new" | "checkout" | "known" | "changed" | "back";
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

interface RepoRow extends KnownIdentity {
  readonly id: string;
  readonly slug: string;
  readonly default_branch: string | null;
  readonly removed_at: string | null;
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
 * Registers the repository that holds a path, because a person asked for it. Repeating it changes nothing, but for a
 * default branch that is gone or that the remote has changed.
 * @throws OpsFailure (usage) when the path is no git repository, has no commit, or its slug is taken by another one
 */
export async function addRepo(tx: Transaction, request: AddRequest): Promise<AddedRepo> {
  const checkout = requireCheckout(request.path);
  const tip = await defaultTip(checkout);
  const identity = await identityOf(checkout, tip, request);
  await oneAtATime(tx);
  const known = await knownRepo(tx, checkout, identity, request);
  const outcome = outcomeOf(known, checkout.path, request.host);
  const branch = await branchFor(known, checkout, tip, request.host);
  const remoteUrl = known && keepsRemote(known, identity, request) ? null : identity.remoteUrl;
  const domainId = request.domain === null ? null : await domainNamed(tx, request.domain);
  const repo = known ?? (await insertRepo(tx, request.slug ?? slugFrom(checkout, identity), identity, branch));
  const added = { id: repo.id, slug: repo.slug, path: checkout.path, outcome };
  const branchKept = known?.default_branch === branch;
  const asked = request.domain !== null || request.remoteUrl !== null || request.acceptHistory === true;
  if (outcome === "known" && branchKept && !asked) return added;
  const told = outcome === "known" ? { ...added, outcome: "changed" as const } : added;
  await tx`
    update repos set removed_at = null, missing_since = null, default_branch = ${branch},
      domain_id = coalesce(${domainId}::uuid, domain_id), remote_url = coalesce(${remoteUrl}, remote_url),
      root_commits = coalesce(root_commits, ${identity.rootCommits}),
      last_source_commit = case when ${request.acceptHistory === true} then null else last_source_commit end
    where id = ${repo.id}`;
  await tx`
    insert into repo_checkouts (host, path, repo_id) values (${request.host}, ${checkout.path}, ${repo.id})
    on conflict (host, path) do update set repo_id = excluded.repo_id`;
  if (outcome === "new" || outcome === "back") {
    const from = outcome === "new" ? null : "removed";
    await Promise.all(recordTransitions(tx, [{ of: "repo", id: repo.id, from, to: "registered" }]));
  }
  return told;
}

/**
 * Registers the repository that a run was pointed at. One that a person took out stays out: a hook that checks what it
 * stands in must not undo that.
 * @throws OpsFailure (usage) as addRepo does, and for a repository that was removed
 */
export async function addUnlessRemoved(tx: Transaction, path: string, host: string): Promise<AddedRepo> {
  const added = await addRepo(tx, { path, host, slug: null, domain: null, remoteUrl: null });
  // The failure rolls back what addRepo has just done.
  if (added.outcome !== "back") return added;
  throw usageFailure("Could not check the repository", {
    observed: `${added.slug} was removed from the hub`,
    where: added.path,
    hint: `scripts/state_hub.ts repo add ${shellQuoted(added.path)}`,
  });
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
  const stat = statSync(at, { throwIfNoEntry: false });
  const checkout = stat?.isDirectory() ? findCheckout(at) : null;
  if (checkout) return checkout;
  throw usageFailure("Could not open the repository", {
    observed:
      stat === undefined ? "no such folder" : stat.isDirectory() ? "not inside a git repository" : "not a folder",
    expected: "a folder inside a git repository",
    where: at,
    hint: "scripts/state_hub.ts repo list",
  });
}

/** Its history is read from the default branch, or from a detached HEAD where no branch can be told yet. */
async function identityOf(checkout: Checkout, tip: Tip | null, request: AddRequest): Promise<RepoIdentity> {
  const commit = tip?.commit ?? detachedCommit(checkout);
  if (commit === null) throw noDefaultBranch(checkout);
  const found = await readIdentity(checkout, commit);
  return request.remoteUrl === null ? found : { ...found, remoteUrl: printableUrl(request.remoteUrl) };
}

/**
 * The default branch to store. A further checkout of a known repository changes nothing: it may be a worktree that is on
 * a feature branch. Adding a known path again takes another one where the old one is gone.
 */
async function branchFor(known: RepoRow | null, checkout: Checkout, tip: Tip | null, host: string): Promise<string> {
  const wanted = known?.default_branch ?? null;
  if (known !== null && wanted !== null) {
    if (!hasCheckout(known, checkout.path, host)) return wanted;
    const kept = await defaultTip(checkout, wanted);
    return kept?.branch ?? tip?.branch ?? wanted;
  }
  if (tip === null) throw noDefaultBranch(checkout);
  return tip.branch;
}

function noDefaultBranch(checkout: Checkout): OpsFailure {
  return usageFailure("Could not open the repository", {
    observed: "it has no commit on a default branch",
    where: checkout.path,
    hint: `git -C ${shellQuoted(checkout.path)} commit`,
  });
}

/**
 * Two that register one path at the same moment would both find it unknown. To be called before the transaction's first
 * query: a repeatable read sees what was committed until then. The mode excludes itself and no writer of rows, so that a
 * long dry run neither waits for a registration nor holds one up (PostgreSQL, 13.3.1).
 */
export async function oneAtATime(tx: Transaction): Promise<void> {
  await tx`lock table repos in share update exclusive mode`;
}

/** What is stored is not replaced by another spelling of it, or by a path to a checkout that is registered itself. */
function keepsRemote(known: RepoRow, identity: RepoIdentity, request: AddRequest): boolean {
  if (request.remoteUrl === null && isSameRemote(known.remote_url, identity.remoteUrl)) return true;
  return isClonedFrom(known, identity, request.host);
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
    from repos r order by r.created_at, r.id`;
  const here = rows.find((row) => hasCheckout(row, checkout.path, request.host));
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
    hint: `scripts/state_hub.ts repo add ${shellQuoted(checkout.path)} --slug ${shellQuoted(`${slug}-2`)}`,
  });
}

export function slugTaken(row: { readonly slug: string }, slug: string): never {
  throw usageFailure("Could not register the repository", {
    observed: `it is registered as ${row.slug}`,
    expected: slug,
    hint: `scripts/state_hub.ts repo list`,
  });
}

function outcomeOf(known: RepoRow | null, path: string, host: string): AddedRepo["outcome"] {
  if (known === null) return "new";
  if (known.removed_at !== null) return "back";
  return hasCheckout(known, path, host) ? "known" : "checkout";
}

function hasCheckout({ checkouts }: KnownIdentity, path: string, host: string): boolean {
  return checkouts.some((each) => each.host === host && each.path === path);
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

export async function domainNamed(tx: Transaction, slug: string): Promise<string | null> {
  await tx`insert into domains (slug) values (${slug}) on conflict do nothing`;
  const [row] = await tx<{ id: string }[]>`select id from domains where slug = ${slug}`;
  return row?.id ?? null;
}
