// Findings over time: opened, seen again, closed, re-opened. One statement for all findings of a pass; a pass that finds
// what was found before at the same commit writes nothing.

import type { Reader, Transaction } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import type { RepoView } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { distinctKeys, type Finding, type HubFinding, toFinding } from "./finding.ts";
import type { RepoReading } from "./repo_reading.ts";

/** What the checks say of one repository's files beside its rows. `info` findings tell what a dry run would create. */
export function findInRepo(view: RepoView, reading: RepoReading): Finding[] {
  const seen = CHECKS.flatMap((check) => {
    const ofFiles = check.inFile ? reading.files.flatMap((file) => [...(check.inFile?.(file.reading) ?? [])]) : [];
    const ofRepo = check.inRepo ? [...check.inRepo(view)] : [];
    return [...ofFiles, ...ofRepo].map((each) => toFinding(check.id, check.severity, check.fix, each));
  });
  return distinctKeys(seen);
}

/** What the checks of single files say of edits that are not committed yet. Reported, never stored. */
export function findInEdits(reading: RepoReading): Finding[] {
  const seen = reading.uncommitted.flatMap(({ reading: file }) =>
    file === null
      ? []
      : CHECKS.flatMap((check) =>
          [...(check.inFile?.(file) ?? [])].map((each) => toFinding(check.id, check.severity, check.fix, each)),
        ),
  );
  return seen.map((finding) => ({ ...finding, message: `${finding.message} (edit not committed)` }));
}

/** What the checks that look into the hub say of these repositories, in one pass over all of them. */
export async function findInHub(sql: Reader, repoIds: readonly string[]): Promise<HubFinding[]> {
  const passes = CHECKS.flatMap((check) => {
    if (!check.inHub) return [];
    return [
      check
        .inHub(sql, repoIds)
        .then((seen) =>
          seen.map(({ repoId, ...each }) => ({ repoId, ...toFinding(check.id, check.severity, check.fix, each) })),
        ),
    ];
  });
  return distinctKeys((await Promise.all(passes)).flat(), (finding) => finding.repoId);
}

export interface FindingPass {
  /** Who looks for them again. Of checkouts only the host that has them can say that something is over. */
  readonly origin: "repo" | "hub" | "remote" | `checkouts:${string}` | `follow:${string}`;
  /** Every repository that was looked into: what was not found there again is closed. */
  readonly repoIds: readonly string[];
  readonly findings: readonly HubFinding[];
  /** The commit that was read; null for a pass over the hub. */
  readonly commit: string | null;
}

/** Stores the findings of one pass. `info` findings are not kept: what they announce is done by the same run. */
export async function storeFindings(tx: Transaction, pass: FindingPass): Promise<void> {
  const rows = pass.findings
    .filter(({ severity }) => severity !== "info")
    .map(({ repoId, check, key, ...finding }) => ({ ...finding, repo_id: repoId, check_id: check, finding_key: key }));
  await tx`
    with seen as (
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json) as r(
        repo_id uuid, finding_key text, check_id text, severity text, path text, line integer, "column" integer,
        subject text, message text, observed text, expected text, hint text)
    ), stored as (
      insert into findings as f (repo_id, finding_key, origin, check_id, severity, path, line, "column", subject, message,
        observed, expected, hint, last_commit)
      select repo_id, finding_key, ${pass.origin}, check_id, severity, path, line, "column", subject, message, observed,
        expected, hint, ${pass.commit}::text
      from seen
      on conflict (repo_id, finding_key) do update set
        origin = excluded.origin, severity = excluded.severity, path = excluded.path, line = excluded.line,
        "column" = excluded."column", subject = excluded.subject, message = excluded.message,
        observed = excluded.observed, expected = excluded.expected, hint = excluded.hint,
        last_seen = now(), last_commit = excluded.last_commit,
        seen_count = f.seen_count + 1, times_reopened = f.times_reopened + (f.closed_at is not null)::int, closed_at = null,
        -- Asked for anew: a waiver that ended while it was closed must not count as a second re-opening.
        waiver_id = case when f.closed_at is null then f.waiver_id end
      where f.closed_at is not null or f.last_commit is distinct from excluded.last_commit
        or (f.severity, f.line, f."column", f.message, f.observed, f.expected, f.hint)
          is distinct from (excluded.severity, excluded.line, excluded."column", excluded.message, excluded.observed, excluded.expected, excluded.hint)
    )
    update findings set closed_at = now()
    where closed_at is null and origin = ${pass.origin}
      and repo_id in (${idsIn(tx, pass.repoIds)})
      -- Not "not exists": without statistics that is planned as a comparison of each with each, 15 s for 10,000.
      and (repo_id, finding_key) not in (select seen.repo_id, seen.finding_key from seen)`;
}

/** An open finding as reports show it. */
export interface OpenFinding extends Omit<Finding, "key"> {
  readonly repo: string;
  /** ISO 8601; null for an edit that is not committed. */
  readonly first_seen: string | null;
}

export interface OpenFindings {
  /** The worst first, then the oldest; at most `limit`. */
  readonly findings: readonly OpenFinding[];
  /** Of all open findings, not of the listed ones alone. */
  readonly totals: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly truncated: boolean;
  readonly waived: number;
}

/** Open findings of these repositories that no waiver covers. */
export async function openFindings(sql: Reader, repoIds: readonly string[], limit: number): Promise<OpenFindings> {
  const [counts] = await sql<{ totals: Record<string, number> | null; errors: number; open: number; waived: number }[]>`
    with open as (
      select check_id, severity, waiver_id from findings
      where closed_at is null and repo_id in (${idsIn(sql, repoIds)})
    )
    select (select json_object_agg(check_id, n) from (select check_id, count(*) as n from open where waiver_id is null group by check_id order by check_id) t) as totals,
      count(*) filter (where waiver_id is null and severity = 'error')::int as errors,
      count(*) filter (where waiver_id is null)::int as open,
      count(*) filter (where waiver_id is not null)::int as waived
    from open`;
  const { totals, errors, open, waived } = counts ?? { totals: null, errors: 0, open: 0, waived: 0 };
  const findings =
    open === 0
      ? []
      : await sql<OpenFinding[]>`
    select f.check_id as check, f.severity, repos.slug as repo, f.path, f.line, f."column", f.subject, f.message, f.observed,
      f.expected, f.hint, to_json(f.first_seen) #>> '{}' as first_seen
    from findings f join repos on repos.id = f.repo_id
    where f.closed_at is null and f.waiver_id is null
      and f.repo_id in (${idsIn(sql, repoIds)})
    order by f.severity, f.first_seen, repos.slug, f.path, f.line, f.id
    limit ${limit}`;
  return { findings: [...findings], totals: totals ?? {}, errors, truncated: open > findings.length, waived };
}
