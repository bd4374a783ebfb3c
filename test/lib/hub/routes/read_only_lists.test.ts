// Lists of what others write: findings by the checks, activity runs by activity-core, topics by the files.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import { type Page, plant } from "./planted_rows.ts";

const DEFINITION = "7c4e9a12-8f3b-4d5e-9c6a-1b2d3e4f5a6b";
let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
  const { sql } = hub.database;
  const { repoId } = await plant(sql, "found", { plan: "R-WP-0001" });
  const removed = await plant(sql, "taken-out", { plan: "R-WP-0002" });
  await sql`update repos set removed_at = now() where id = ${removed.repoId}`;
  await sql`
    insert into findings (repo_id, finding_key, origin, check_id, severity, path, subject, message, closed_at, first_seen) values
      (${repoId}, 'a', 'repo', 'C-01', 'error', 'workplans/a.md', 'a', 'broken', null, now() - interval '1 h'),
      (${repoId}, 'b', 'repo', 'C-22', 'warning', 'workplans/b.md', 'b', 'stale', null, now()),
      (${repoId}, 'c', 'repo', 'C-01', 'error', 'workplans/a.md', 'c', 'mended', now(), now()),
      (${removed.repoId}, 'd', 'repo', 'C-01', 'error', null, 'd', 'nobody looks', null, now())`;
  await sql`
    insert into activity.activity_definitions (id, name, definition, digest) values (${DEFINITION}, 'Sweep', '{}', 'x')`;
  await sql`
    insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, status, context_snapshot) values
      (${DEFINITION}, 'local-timer', '2026-01-01T00:00:00Z', '2026-01-01T00:00:03Z', 'succeeded', '{"consistency_sweep_remote_all": {"exit_code": 0}}'),
      (${DEFINITION}, 'k8s-cronjob', '2026-01-01T00:15:00Z', '2026-01-01T00:15:03Z', 'skipped', '{}')`;
});
afterAll(() => hub.close());

const items = async <Item>(path: string) => ((await (await hub.ask(path)).json()) as Page<Item>).items;
const messages = async (query: string) =>
  (await items<{ message: string }>(`/findings?${query}`)).map(({ message }) => message);

test("GET /findings gives the open ones of registered repositories, and filters", async () => {
  expect(await messages("")).toEqual(["stale", "broken"]);
  expect(await messages("state=closed")).toEqual(["mended"]);
  expect((await messages("state=all&check=C-01")).toSorted()).toEqual(["broken", "mended"]);
  expect(await messages("severity=error")).toEqual(["broken"]);
  expect(await messages("repo=found&path=workplans/b.md")).toEqual(["stale"]);
  expect(await messages("repo=taken-out")).toEqual([]);
  expect((await hub.ask("/findings?check=C-1%27")).status).toBe(422);
});

test("GET /activity-runs gives runs with their definition's name, and snapshots only where they are asked for", async () => {
  const runs = await items<Record<string, unknown>>(`/activity-runs/?definition_id=${DEFINITION}`);
  expect(runs.map(({ source, status, definition }) => [source, status, definition])).toEqual([
    ["k8s-cronjob", "skipped", "Sweep"],
    ["local-timer", "succeeded", "Sweep"],
  ]);
  expect(runs.some((run) => "context_snapshot" in run)).toBe(false);
  const [run] = await items("/activity-runs?status=succeeded&source=local-timer&snapshot=true");
  expect(run).toMatchObject({ context_snapshot: { consistency_sweep_remote_all: { exit_code: 0 } } });
  const page = (await (await hub.ask("/activity-runs?limit=1")).json()) as Page<{ run_id: string }>;
  const rest = await items<{ run_id: string }>(`/activity-runs?cursor=${page.next_cursor}`);
  expect([...page.items, ...rest].map(({ run_id }) => run_id)).toEqual(runs.map(({ run_id }) => run_id as string));
});

test("GET /domains and /topics give what files named", async () => {
  expect(await items("/domains")).toMatchObject([{ slug: "ops" }]);
  expect(await items("/topics?domain=ops")).toMatchObject([{ domain: "ops", slug: "hub" }]);
  expect(await items("/topics?domain=other")).toEqual([]);
});
