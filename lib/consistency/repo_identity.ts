// Whether a checkout is of a repository that the hub knows, and what a new one is called. A wrong yes puts two projects'
// plans under one name; a wrong no makes every row twice.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type Checkout, canonicalPath, checkoutAt } from "../git/checkout.ts";
import { isSameRemote, type RepoIdentity } from "../git/identity.ts";

/** What the hub knows a repository by. */
export interface KnownIdentity {
  readonly remote_url: string | null;
  readonly root_commits: string | null;
  readonly checkouts: readonly { readonly host: string; readonly path: string }[];
}

/**
 * The same remote is the same repository. The same history without the same remote is the same repository when it was
 * cloned from a checkout that we know, when none of its known checkouts is there any more (it has moved), or when neither
 * has a remote and its checkouts are all on other hosts (it was copied, or this host was renamed). Otherwise it is a
 * fork, with ids of its own to be found as duplicates.
 */
export function isSameRepo(known: KnownIdentity, checkout: Checkout, identity: RepoIdentity, host: string): boolean {
  if (isSameRemote(known.remote_url, identity.remoteUrl)) return true;
  const local = localPaths(known, host);
  if (local.some((path) => sharesObjects(path, checkout))) return true;
  if (identity.rootCommits === null || identity.rootCommits !== known.root_commits) return false;
  if (isClonedFrom(known, identity, host) || known.remote_url === checkout.path) return true;
  if (known.remote_url === null && identity.remoteUrl === null && local.length === 0) return true;
  return (
    known.checkouts.length > 0 && local.length === known.checkouts.length && local.every((path) => !existsSync(path))
  );
}

/** Its remote is one of the repository's own checkouts here: a way to that repository, but not where it lives. */
export function isClonedFrom(known: KnownIdentity, { remoteUrl }: RepoIdentity, host: string): boolean {
  return remoteUrl !== null && localPaths(known, host).includes(canonicalPath(remoteUrl));
}

function localPaths(known: KnownIdentity, host: string): string[] {
  return known.checkouts.filter((each) => each.host === host).map(({ path }) => path);
}

/** A linked worktree has its main checkout's git folder. */
function sharesObjects(path: string, checkout: Checkout): boolean {
  const other = checkoutAt(path);
  return other !== null && canonicalPath(other.commonDir) === canonicalPath(checkout.commonDir);
}

/** The last part of the remote's URL or of the path, as a slug: lower case letters, digits, dots, dashes, underscores. */
export function slugFrom(checkout: Checkout, { remoteUrl }: RepoIdentity): string {
  return slugOf(remoteUrl ?? checkout.path, basename(checkout.path));
}

/** The same of a remote alone. */
export function slugOf(place: string, otherwise = ""): string {
  const name = basename(place.replace(/[/:]+$/, "").replace(/^[^/]*:/, "")).replace(/\.git$/, "");
  const slug = (name || otherwise)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return slug || "repo";
}
