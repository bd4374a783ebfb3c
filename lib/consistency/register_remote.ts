// Registering a repository that no checkout is known of: a hub in a pod reads it from its remote. The branch is told by the
// first sweep, and a checkout that is added later finds the same repository by its remote.
import type { Transaction } from "../db/handles.ts";
import { recordTransitions } from "../events/transitions.ts";
import { usageFailure } from "../failure.ts";
import { isSameRemote } from "../git/identity.ts";
import { slugOf } from "./repo_identity.ts";
import { type AddedRepo, domainNamed, oneAtATime, slugTaken } from "./repo_registry.ts";

export interface RemoteRequest {
  /** Usable, and without credentials. */
  readonly remoteUrl: string;
  /** Whose checkouts a local path may name. */
  readonly host: string;
  readonly slug: string | null;
  readonly domain: string | null;
}

interface KnownRepo {
  readonly id: string;
  readonly slug: string;
  readonly remote_url: string | null;
  readonly removed: boolean;
  readonly domain: string | null;
  /** Of its checkouts on this host. */
  readonly paths: readonly string[];
}

/** Repeating it changes nothing. @throws OpsFailure (usage) when it is known by another slug, or its slug is another's */
export async function registerRemote(tx: Transaction, request: RemoteRequest): Promise<Omit<AddedRepo, "path">> {
  await oneAtATime(tx);
  const known = await knownRepo(tx, request);
  const domainId = request.domain === null ? null : await domainNamed(tx, request.domain);
  if (known === null) {
    const slug = wantedSlug(request);
    const [row] = await tx<{ id: string }[]>`
      insert into repos (slug, remote_url, domain_id) values (${slug}, ${request.remoteUrl}, ${domainId}::uuid) returning id`;
    if (!row) throw new Error("a repository that was just inserted has no row");
    await Promise.all(recordTransitions(tx, [{ of: "repo", id: row.id, from: null, to: "registered" }]));
    return { id: row.id, slug, outcome: "new" };
  }
  const { id, slug, removed } = known;
  const moved = request.domain !== null && request.domain !== known.domain;
  if (removed || moved)
    await tx`update repos set removed_at = null, domain_id = coalesce(${domainId}::uuid, domain_id) where id = ${id}`;
  if (removed) await Promise.all(recordTransitions(tx, [{ of: "repo", id, from: "removed", to: "registered" }]));
  return { id, slug, outcome: removed ? "back" : moved ? "changed" : "known" };
}

/** What a caller may ask for by its slug: of a remote's name, which may be as long as a URL, no more. */
const LONGEST_SLUG = 100;

function wantedSlug({ slug, remoteUrl }: RemoteRequest): string {
  return slug ?? slugOf(remoteUrl).slice(0, LONGEST_SLUG);
}

async function knownRepo(tx: Transaction, request: RemoteRequest): Promise<KnownRepo | null> {
  const { remoteUrl, host, slug } = request;
  const rows = await tx<KnownRepo[]>`
    select r.id, r.slug, r.remote_url, r.removed_at is not null as removed, d.slug as domain,
      (select coalesce(json_agg(c.path), '[]') from repo_checkouts c where c.repo_id = r.id and c.host = ${host}) as paths
    from repos r left join domains d on d.id = r.domain_id order by r.created_at, r.id`;
  const local = remoteUrl.replace(/^file:\/\//, "");
  const same = rows.find((row) => isSameRemote(row.remote_url, remoteUrl) || row.paths.includes(local));
  if (same !== undefined) return slug === null || slug === same.slug ? same : slugTaken(same, slug);
  const wanted = wantedSlug(request);
  if (!rows.some((row) => row.slug === wanted)) return null;
  throw usageFailure("Could not register the repository", {
    observed: `the slug ${wanted} belongs to another one`,
    expected: "another slug",
    hint: `Give a slug, such as ${wanted}-2`,
  });
}
