// Waivers: a finding that somebody has decided to live with, until a date. The finding stays, covered; when the waiver
// expires or is removed it counts again, so that nothing is waived by being forgotten.
import type { Reader, Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import { usageFailure } from "../failure.ts";
import { CHECKS } from "./checks.ts";

export interface WaiverRequest {
  readonly check: string;
  /** Whose decision it is: a person or a team. */
  readonly owner: string;
  readonly reason: string;
  /** Scope: any of them may be null, which means any. */
  readonly repo: string | null;
  readonly path: string | null;
  readonly subject: string | null;
  readonly days: number;
}

export interface Waiver {
  readonly id: string;
  readonly check: string;
  readonly repo: string | null;
  readonly path: string | null;
  readonly subject: string | null;
  readonly owner: string;
  readonly reason: string;
  readonly expires_at: string;
  readonly state: "active" | "expired" | "removed";
  /** Open findings that it covers. */
  readonly covers: number;
}

/** @throws OpsFailure (usage) for an unknown check or repository */
export async function addWaiver(tx: Transaction, request: WaiverRequest): Promise<Waiver> {
  if (!CHECKS.some(({ id, severity }) => id === request.check && severity !== "info")) {
    throw usageFailure("Could not add the waiver", {
      observed: request.check,
      expected: `one of ${CHECKS.map(({ id }) => id).join(" ")}`,
    });
  }
  const [repo] =
    request.repo === null
      ? []
      : await tx<{ id: string }[]>`select id from repos where slug = ${request.repo} and removed_at is null`;
  if (request.repo !== null && !repo)
    throw usageFailure("Could not add the waiver", {
      observed: `no repository ${request.repo}`,
      hint: "scripts/state_hub.ts repo list",
    });
  const [row] = await tx<{ id: string }[]>`
    insert into waivers (check_id, repo_id, path, subject, owner, reason, expires_at)
    values (${request.check}, ${repo?.id ?? null}, ${request.path}, ${request.subject}, ${request.owner}, ${request.reason},
      now() + make_interval(days => ${request.days}))
    returning id`;
  await coverFindings(tx, null);
  const added = (await listWaivers(tx)).find(({ id }) => id === row?.id);
  if (!added) throw new Error("a waiver that was just added is not listed");
  return added;
}

/** @throws OpsFailure (usage) when no such waiver is active */
export async function removeWaiver(tx: Transaction, id: string): Promise<void> {
  const rows =
    await tx`update waivers set removed_at = now() where id::text = ${id} and removed_at is null returning id`;
  if (rows.length === 0)
    throw usageFailure("Could not remove the waiver", {
      observed: `no waiver ${id} that is not removed already`,
      hint: "scripts/state_hub.ts waiver list",
    });
  await coverFindings(tx, null);
}

/** All waivers, active ones first. */
export async function listWaivers(sql: Reader): Promise<Waiver[]> {
  const rows = await sql<Waiver[]>`
    select w.id, w.check_id as check, repos.slug as repo, w.path, w.subject, w.owner, w.reason,
      to_json(w.expires_at) #>> '{}' as expires_at,
      case when w.removed_at is not null then 'removed' when w.expires_at <= now() then 'expired' else 'active' end as state,
      (select count(*)::int from findings f where f.waiver_id = w.id and f.closed_at is null) as covers
    from waivers w left join repos on repos.id = w.repo_id
    order by state, w.expires_at, w.id`;
  return [...rows];
}

/**
 * Links open findings with the waivers that cover them now; a finding whose waiver ended is counted as re-opened.
 * @param repoIds the repositories in scope; null for all
 */
export async function coverFindings(tx: Transaction, repoIds: readonly string[] | null): Promise<void> {
  const inScope = repoIds === null ? tx`` : tx`and f.repo_id in (${idsIn(tx, repoIds)})`;
  await tx`
    with due as (
      select f.id, f.waiver_id as had, (
        select w.id from waivers w
        where w.removed_at is null and w.expires_at > now() and w.check_id = f.check_id
          and (w.repo_id is null or w.repo_id = f.repo_id) and (w.path is null or w.path = f.path)
          and (w.subject is null or w.subject = f.subject)
        order by w.expires_at desc, w.id limit 1) as has
      from findings f
      where f.closed_at is null and (f.waiver_id is not null or exists (select from waivers))
        ${inScope}
    )
    update findings f set waiver_id = due.has,
      times_reopened = f.times_reopened + (due.has is null)::int,
      last_seen = case when due.has is null then now() else f.last_seen end
    from due where due.id = f.id and due.has is distinct from due.had`;
}
