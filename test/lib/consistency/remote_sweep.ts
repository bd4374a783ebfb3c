// One repository reconciled as a sweep of its remote does it: with leave to believe that what is absent is gone. The
// scripts read local tips alone, which never have that leave.
import { expect } from "bun:test";
import { addKnownClaims, addReading, Claims } from "../../../lib/consistency/claims.ts";
import { type RepoInput, type RepoResult, reconcileRepo } from "../../../lib/consistency/reconcile_repo.ts";
import { readRepo } from "../../../lib/consistency/repo_reading.ts";
import { loadScope } from "../../../lib/consistency/scope.ts";
import { lookAt } from "../../../lib/consistency/sight.ts";
import { remoteOf } from "../../../lib/git/remote/remote.ts";
import type { Files, TestRepo } from "../../support/git_repo.ts";
import { makeRepo, workplanText } from "../../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../../support/hub.ts";

/** One pass over a registered repository, in a transaction as the main job has it. */
export async function sweep(hub: TestHub, slug: string, order: RepoInput["order"] = "forward"): Promise<RepoResult> {
  const { sql } = hub.database;
  const [repo] = await loadScope(sql, { slug }, TEST_HOST);
  if (!repo) throw new Error(`${slug} is not registered`);
  const seen = await lookAt(repo, TEST_HOST, true);
  if (seen.state !== "changed") throw new Error(`${slug} is ${seen.state}`);
  const { sighting } = seen;
  const reading = await readRepo(sighting.checkout, sighting.tip);
  const remote = { remote: remoteOf(sighting.checkout.path), own: sighting.checkout };
  const claims = new Claims();
  addReading(claims, repo.id, reading);
  await addKnownClaims(sql, claims, [repo.id]);
  const result = await hub.database.transaction(
    (tx) => reconcileRepo(tx, { repo, sighting: { ...sighting, remote }, reading, claims, order, writesBack: false }),
    { isolation: "repeatable read" },
  );
  if (result === "raced") throw new Error("another run was in between, but there is none");
  return result;
}

/** Moves every sighting of absence back: eleven minutes have passed. */
export async function elevenMinutesPass(hub: TestHub): Promise<void> {
  const { sql } = hub.database;
  await sql`update workstreams set missing_since = missing_since - interval '11 min' where missing_since is not null`;
  await sql`update tasks set missing_since = missing_since - interval '11 min' where missing_since is not null`;
}

/** A registered repository of `count` workplans `PREFIX-WP-0001` on, each with `tasks` tasks; the hub holds all of them. */
export async function fleetOf(
  hub: TestHub,
  parent: string,
  prefix: string,
  count: number,
  tasks = 1,
): Promise<{ repo: TestRepo; slug: string }> {
  const slug = prefix.toLowerCase();
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const id = planId(prefix, index + 1);
      return [pathOf(prefix, index + 1), planText(id, tasks)];
    }),
  );
  const repo = await makeRepo(parent, slug, files);
  const { report } = await hub.check({ path: repo.path });
  expect(report).toMatchObject({ automation_error: null, assessment_failures: [] });
  return { repo, slug };
}

export function planId(prefix: string, number: number): string {
  return `${prefix}-WP-${String(number).padStart(4, "0")}`;
}

export function pathOf(prefix: string, number: number): string {
  return `workplans/${planId(prefix, number)}.md`;
}

/** A workplan with tasks T01 on, less those named. */
export function planText(id: string, tasks: number, without: readonly number[] = []): string {
  const numbers = Array.from({ length: tasks }, (_, index) => index + 1).filter((number) => !without.includes(number));
  return workplanText({ id, tasks: numbers.map((number) => ({ id: `${id}-T0${number}` })) });
}

/** Files to delete: the workplans of these numbers. */
export function gone(prefix: string, ...numbers: readonly number[]): Files {
  return Object.fromEntries(numbers.map((number) => [pathOf(prefix, number), null]));
}

/** Ids of the repository's workplans and tasks that are marked as orphaned, and of those only sighted, in order. */
export async function marks(hub: TestHub, slug: string): Promise<{ orphaned: string[]; sighted: string[] }> {
  const rows = await hub.database.sql<{ id: string; orphaned: boolean }[]>`
    with rows as (
      select workplan_id as id, repo_id, missing_since, orphaned_at from workstreams
      union all select task_id, repo_id, missing_since, orphaned_at from tasks
    )
    select rows.id, orphaned_at is not null as orphaned from rows join repos on repos.id = repo_id
    where slug = ${slug} and (orphaned_at is not null or rows.missing_since is not null) order by 1`;
  const ids = (wanted: boolean) => rows.filter(({ orphaned }) => orphaned === wanted).map(({ id }) => id);
  return { orphaned: ids(true), sighted: ids(false) };
}
