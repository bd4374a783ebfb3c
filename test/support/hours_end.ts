// What must be true when an operator's hour is over: files, hub and remotes say the same, field by field, nothing waits,
// and no line that a person wrote is missing.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { parseWorkplan } from "../../lib/workplan/parse_workplan.ts";
import type { SweptFleet, SweptRepo } from "./swept_fleet.ts";

export const NOTES = "notes.txt";

export interface Hour {
  readonly fleet: SweptFleet;
  readonly repos: readonly SweptRepo[];
  /** Lines that people wrote and did not take back, by slug. */
  readonly lines: Map<string, string[]>;
  /** What the person at the checkout of a slug has in his notes, saved and not committed. */
  readonly unsaved: Map<string, string>;
}

/** @param last a sweep after which nothing was changed any more */
export async function expectAllAgree(hour: Hour, { report }: FleetResult): Promise<void> {
  const { fleet, repos } = hour;
  expect(report).toMatchObject({ automation_error: null, repos_processed: [], skipped_missing: [] });
  // That a branch was rewritten stays told, as a warning, until the next commit.
  const open = report.assessment_failures.filter(
    ({ check, severity }) => ["C-15", "C-16"].includes(check) || (check === "C-06" && severity === "error"),
  );
  expect(open.map(({ check, repo, observed }) => `${check} ${repo}: ${observed}`)).toEqual([]);
  const [left] = await fleet.hub.database.sql`
    select (select count(*)::int from writeback_intents where done_at is null and cancelled_at is null) as pending,
      (select count(*)::int from held_plans where applied_at is null and superseded_at is null) as held,
      (select count(*)::int from workstreams where orphaned_at is not null or missing_since is not null) as missing`;
  expect({ ...left }).toEqual({ pending: 0, held: 0, missing: 0 });
  for (const repo of repos) {
    await expectFieldsAgree(hour, repo);
    await expectLinesKept(hour, repo);
  }
}

async function expectFieldsAgree({ fleet }: Hour, { slug, bare, checkout, clone }: SweptRepo): Promise<void> {
  const rows = await fleet.hub.database.sql`
    select w.path, w.workplan_id as id, w.id as hub, w.title, w.status, w.owner, b.status as base,
      (select json_agg(json_build_object('id', t.task_id, 'hub', t.id, 'title', t.title, 'status', t.status,
        'priority', t.priority, 'completed', t.completed, 'needsHuman', t.needs_human, 'base', c.status, 'baseCompleted', c.completed)
        order by t.task_id) from tasks t join sync_base c on c.row_id = t.id where t.workstream_id = w.id) as tasks
    from workstreams w join repos r on r.id = w.repo_id join sync_base b on b.row_id = w.id
    where r.slug = ${slug} order by w.path`;
  const inRemote = [];
  for (const { path } of rows) inRemote.push(fieldsOf(path, await bare.git("show", `main:${path}`)));
  expect([...rows].map((row) => ({ ...row }))).toEqual(inRemote);
  const listed = await bare.git("ls-tree", "--name-only", "main", "workplans/");
  expect([...rows].map(({ path }) => path)).toEqual(listed.trim().split("\n").sort());
  if (checkout !== clone) expect(await checkout.git("rev-parse", "HEAD")).toBe(await bare.git("rev-parse", "main"));
}

function fieldsOf(path: string, text: string) {
  const read = parseWorkplan(path, Buffer.from(text));
  if (read.state !== "parsed") throw new Error(`${path} can't be parsed`);
  const { id, hubId: hub, title, status, owner } = read.workplan;
  const tasks = read.tasks.map((task) => {
    const { id: name, hubId, title: heading, status: is, priority, completed, needsHuman } = task;
    const base = { base: is, baseCompleted: completed };
    return { id: name, hub: hubId, title: heading, status: is, priority, completed, needsHuman, ...base };
  });
  return { path, id, hub, title, status, owner, base: status, tasks: tasks.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** In the newest files of the remote, each once. */
async function expectLinesKept({ lines, unsaved }: Hour, { slug, bare, checkout }: SweptRepo): Promise<void> {
  expect(unsaved.has(slug)).toBe(false);
  const paths = (await bare.git("ls-tree", "-r", "--name-only", "main")).trim().split("\n");
  const texts = await Promise.all(paths.map((path) => bare.git("show", `main:${path}`)));
  const all = texts.join("\n").split("\n");
  const missing = (lines.get(slug) ?? []).filter((line) => all.filter((each) => each === line).length !== 1);
  expect({ slug, missing }).toEqual({ slug, missing: [] });
  expect(readFileSync(join(checkout.path, NOTES), "utf8")).toStartWith("as it was\n");
}
